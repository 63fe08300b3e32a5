import { estimateTokens } from '../../domain/estimate-tokens.js';
import type { Usage } from '../provider-outcome.js';
import { isRecord, textOf } from './read-message.js';

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
  const messages = Array.isArray(request['messages']) ? (request['messages'] as unknown[]) : [];
  const tools = request['tools'] === undefined ? 0 : estimateTokens(JSON.stringify(request['tools']));
  return messages.reduce<number>((sum, message) => sum + TOKENS_PER_MESSAGE + (isRecord(message) ? messageTokens(message) : 0), tools);
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
