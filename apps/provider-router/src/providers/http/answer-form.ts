import { upstreamWires, type Endpoint } from '../../domain/endpoint.js';
import { StreamAccumulator } from '../openai-compatible/accumulate-stream.js';
import { readCompletion } from '../openai-compatible/read-completion.js';
import { GrowByWire } from './grow-by-wire.js';
import type { GrowingAnswer } from './growing-answer.js';
import { readByWire, readEmbeddings, type ReadBody } from './read-body.js';

/** How the answers of an API are read. */
export interface AnswerForm {
  read(json: unknown): ReadBody;
  /** For one streamed answer. */
  grow(): GrowingAnswer;
}

/** What goes to a client of the same wire as it is: only what it costs and how it ended has to be known of it. */
const passing: AnswerForm = { read: readCompletion, grow: () => new StreamAccumulator() };
const embeddings: AnswerForm = { read: readEmbeddings, grow: () => new StreamAccumulator() };

/** How the answers of an API are read, for a client that gets them as they are, or in another form. */
export function answerFormOf(endpoint: Exclude<Endpoint, 'local'>, isPassthrough: boolean): AnswerForm {
  if (endpoint === 'embeddings') return embeddings;
  return endpoint === 'chat' && isPassthrough ? passing : byWire[endpoint];
}

const byWire = {
  chat: formOf('chat', false),
  responses: formOf('responses', true),
  messages: formOf('messages', true),
  gemini: formOf('gemini', false),
};

function formOf(endpoint: keyof typeof upstreamWires, hasLastEvent: boolean): AnswerForm {
  const wire = upstreamWires[endpoint];
  return { read: (json) => readByWire(wire, json), grow: () => new GrowByWire(wire.reader(), hasLastEvent) };
}
