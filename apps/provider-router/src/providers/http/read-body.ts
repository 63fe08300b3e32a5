import type { FinishReason, ModelAnswer, UpstreamWire } from '@nexus/wires';
import { isRecord } from '../openai-compatible/read-message.js';
import { readUsage } from '../openai-compatible/read-usage.js';
import type { Usage } from '../provider-outcome.js';

/** What has to be known of an answer before it is passed on; the rest is read when it is asked for. */
interface AnswerBody {
  readonly kind: 'answer';
  readonly id: string | undefined;
  readonly model: string | undefined;
  /** Undefined when the provider told none. */
  readonly usage: Usage | undefined;
  readonly finishReason: FinishReason;
  readonly answer: () => ModelAnswer;
}

/** What the JSON of a body with status 200 holds: an answer, an error in disguise, or nothing that can be understood. */
export type ReadBody = AnswerBody | { readonly kind: 'error'; readonly body: unknown } | { readonly kind: 'garbage' };

/** Reads a body as its wire does. */
export function readByWire(wire: UpstreamWire, json: unknown): ReadBody {
  const read = wire.readAnswer(json);
  if (read.kind !== 'answer') return read;
  const { answer } = read;
  return { kind: 'answer', id: answer.id, model: answer.model, usage: answer.usage && { ...answer.usage, estimated: false }, finishReason: answer.finishReason, answer: () => answer };
}

/** Reads embeddings, of which only the cost has to be known. */
export function readEmbeddings(json: unknown): ReadBody {
  const first: unknown = Array.isArray(json) ? json[0] : json;
  if (isRecord(first) && first['error'] !== undefined && first['error'] !== null) return { kind: 'error', body: json };
  if (!isRecord(json) || !Array.isArray(json['data'])) return { kind: 'garbage' };
  const model = typeof json['model'] === 'string' ? json['model'] : undefined;
  const told = readUsage(json['usage']);
  const usage = told && { ...told, input: told.input + told.output, output: 0, reasoning: undefined };
  return { kind: 'answer', id: undefined, model, usage, finishReason: 'stop', answer: () => ({ id: undefined, model, parts: [], finishReason: 'stop', usage }) };
}
