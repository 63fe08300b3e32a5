import { Wire } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { anthropic, gemini, openAiChat, openAiResponses, type ClientWire, type UpstreamWire } from '@nexus/wires';
import type { ResolvedModel } from './model-catalog.js';

/** The API of a provider that a call goes to. */
export type Endpoint = ChatEndpoint | 'embeddings';

/** An API that answers with a message. */
export type ChatEndpoint = 'chat' | 'responses' | 'messages' | 'gemini' | 'local';

/** How the APIs that are spoken in JSON are spoken to. */
export const upstreamWires: Readonly<Record<Exclude<ChatEndpoint, 'local'>, UpstreamWire>> = { chat: openAiChat, responses: openAiResponses, messages: anthropic, gemini };

/** How a client that is answered with a message reads and writes; undefined for embeddings, which are no messages. */
export function clientWireOf(wire: Wire): ClientWire | undefined {
  switch (wire) {
    case Wire.OPENAI_RESPONSES: return openAiResponses;
    case Wire.ANTHROPIC_MESSAGES: return anthropic;
    case Wire.OPENAI_EMBEDDINGS: return undefined;
    default: return openAiChat;
  }
}

/** The API whose requests and answers are those of a client's wire. */
export function endpointOfWire(wire: Wire): Endpoint {
  switch (wire) {
    case Wire.OPENAI_RESPONSES: return 'responses';
    case Wire.ANTHROPIC_MESSAGES: return 'messages';
    case Wire.OPENAI_EMBEDDINGS: return 'embeddings';
    default: return 'chat';
  }
}

/**
 * Where a call of a model goes, by how its client writes (undefined: a run). A provider that has the client's own API is spoken to in
 * it. Throws AppError `unsupported_value` (400) for a model that is not for such calls.
 */
export function endpointOf(wire: Wire | undefined, { id, mode, target }: ResolvedModel): Endpoint {
  if (wire === Wire.OPENAI_EMBEDDINGS) {
    if (target.kind === 'anthropic' || target.kind === 'local') throw notFor(id, 'makes no embeddings');
    return 'embeddings';
  }
  if (mode === 'embedding') throw notFor(id, 'only makes embeddings');
  switch (target.kind) {
    case 'anthropic': return 'messages';
    case 'gemini': return 'gemini';
    case 'local': return 'local';
    case 'responses': return 'responses';
    case 'openai': return mode === 'responses' || (wire === Wire.OPENAI_RESPONSES && target.hasResponses) ? 'responses' : 'chat';
  }
}

function notFor(id: string, what: string): AppError {
  return new AppError('unsupported_value', `The model "${id.slice(0, 200)}" ${what}.`, { status: 400, param: 'model' });
}
