import { readChatFinishReason } from '@nexus/wires';
import type { ReadBody } from '../http/read-body.js';
import { isRecord, partsOf, readMessage } from './read-message.js';
import { readUsage } from './read-usage.js';

/**
 * Reads a chat completion as the many dialects write it; what it says is made into parts only when that is asked for. (A reader that
 * skims the bytes for usage and finish reason was measured: 2 to 4 times slower than V8's parser from 400 bytes to 12 KB.)
 */
export function readCompletion(parsed: unknown): ReadBody {
  // Gemini wraps an error in an array.
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (isRecord(first) && first['error'] !== undefined && first['error'] !== null) return { kind: 'error', body: parsed };
  const choice: unknown = isRecord(parsed) && Array.isArray(parsed['choices']) ? parsed['choices'][0] : undefined;
  if (!isRecord(parsed) || !isRecord(choice) || !isRecord(choice['message'])) return { kind: 'garbage' };
  const { message } = choice as { message: Record<string, unknown> };
  const calls = message['tool_calls'];
  const id = stringOr(parsed['id']);
  const model = stringOr(parsed['model']);
  const usage = readUsage(parsed['usage']);
  const finishReason = readChatFinishReason(stringOr(choice['finish_reason']), Array.isArray(calls) && calls.length > 0);
  return { kind: 'answer', id, model, usage, finishReason, answer: () => ({ id, model, parts: partsOf(readMessage(message)), finishReason, usage }) };
}

function stringOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
