import { isRecord } from './read-message.js';

type Chunk = Readonly<Record<string, unknown>>;

/** True for the chunk that carries nothing but usage: OpenAI sends it only to those who asked for it. */
export function isUsageOnly(chunk: Chunk): boolean {
  return Array.isArray(chunk['choices']) && chunk['choices'].length === 0 && isRecord(chunk['usage']);
}
