import { estimateTokens } from '../../domain/estimate-tokens.js';
import type { Usage } from '../provider-outcome.js';
import { isRecord, textOf } from '../openai-compatible/read-message.js';

/** What each message costs beside its text. */
const TOKENS_PER_MESSAGE = 4;
/** A picture of ordinary size; its bytes say nothing about its tokens. */
const TOKENS_PER_IMAGE = 1_000;

/**
 * Usage by NEXUS's own count, for an answer that ended before its usage was told. `pieces` is the number of streamed pieces, each of
 * which is at least about one token. Approximate, and marked so.
 */
export function estimateUsage(requestBody: Buffer, answer: string, pieces: number): Usage {
  return { input: estimateInput(requestBody), output: Math.max(estimateTokens(answer), answer === '' ? 0 : pieces), cacheRead: 0, cacheWrite: 0, reasoning: undefined, estimated: true };
}

function estimateInput(body: Buffer): number {
  let request: unknown;
  try {
    request = JSON.parse(body.toString());
  } catch {
    return Math.ceil(body.length / 4);
  }
  if (!isRecord(request)) return 0;
  if (!Array.isArray(request['messages']) || 'system' in request) return tokensOf(request);
  const messages = request['messages'] as unknown[];
  const tools = request['tools'] === undefined ? 0 : estimateTokens(JSON.stringify(request['tools']));
  return messages.reduce<number>((sum, message) => sum + TOKENS_PER_MESSAGE + (isRecord(message) ? messageTokens(message) : 0), tools);
}

/** Longer texts without a space are pictures and the like. */
const LONGEST_WORD = 2_000;

/** Of all the texts in a body, whatever its wire. */
function tokensOf(value: unknown): number {
  if (typeof value === 'string') return value.length > LONGEST_WORD && !value.includes(' ') ? TOKENS_PER_IMAGE : estimateTokens(value);
  if (Array.isArray(value)) return (value as unknown[]).reduce<number>((sum, it) => sum + tokensOf(it), 0);
  return isRecord(value) ? Object.values(value).reduce<number>((sum, it) => sum + tokensOf(it), 0) : 0;
}

function messageTokens(message: Record<string, unknown>): number {
  const content = message['content'];
  const calls = message['tool_calls'] === undefined ? 0 : estimateTokens(JSON.stringify(message['tool_calls']));
  if (!Array.isArray(content)) return calls + estimateTokens(textOf(content));
  return (content as unknown[]).reduce<number>((sum, part) => {
    if (!isRecord(part)) return sum;
    return sum + (typeof part['text'] === 'string' ? estimateTokens(part['text']) : TOKENS_PER_IMAGE);
  }, calls);
}
