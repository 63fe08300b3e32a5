import { isRecord, readTexts } from './read-message.js';

const NO_CHOICES = Buffer.from('"choices":[]');

/** What one chunk of a stream adds to the first choice. */
export function deltaOf(json: Buffer): { readonly text: string; readonly reasoning: string } {
  const chunk = parse(json);
  const choice: unknown = Array.isArray(chunk?.['choices']) ? (chunk['choices'] as unknown[])[0] : undefined;
  const delta = isRecord(choice) ? choice['delta'] : undefined;
  return isRecord(delta) ? readTexts(delta) : { text: '', reasoning: '' };
}

/** True for the chunk that carries nothing but usage: OpenAI sends it only to those who asked for it. */
export function isUsageOnly(json: Buffer): boolean {
  if (!json.includes(NO_CHOICES) && !json.includes('"choices": []')) return false;
  const chunk = parse(json);
  return Array.isArray(chunk?.['choices']) && chunk['choices'].length === 0 && isRecord(chunk['usage']);
}

function parse(json: Buffer): Record<string, unknown> | undefined {
  try {
    const chunk: unknown = JSON.parse(json.toString('utf8'));
    return isRecord(chunk) ? chunk : undefined;
  } catch {
    return undefined;
  }
}
