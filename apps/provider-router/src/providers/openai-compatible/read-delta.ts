import { isRecord, readTexts } from './read-message.js';

type Chunk = Readonly<Record<string, unknown>>;

/** What one chunk of a stream adds to the first choice. */
export function deltaOf(chunk: Chunk): { readonly text: string; readonly reasoning: string } {
  const choice: unknown = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[])[0] : undefined;
  const delta = isRecord(choice) ? choice['delta'] : undefined;
  return isRecord(delta) ? readTexts(delta) : { text: '', reasoning: '' };
}

/** True for the chunk that carries nothing but usage: OpenAI sends it only to those who asked for it. */
export function isUsageOnly(chunk: Chunk): boolean {
  return Array.isArray(chunk['choices']) && chunk['choices'].length === 0 && isRecord(chunk['usage']);
}
