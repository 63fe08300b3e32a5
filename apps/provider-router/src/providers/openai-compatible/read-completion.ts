import type { AssistantMessage, Usage } from '../provider-outcome.js';
import { isRecord, readMessage } from './read-message.js';
import { readUsage } from './read-usage.js';

/** What has to be known of an answer before it is passed on. */
export interface CompletionFacts {
  readonly id: string | undefined;
  readonly model: string | undefined;
  readonly usage: Usage | undefined;
  /** Why the model stopped, in the provider's word. */
  readonly finishWord: string | undefined;
  readonly hasToolCalls: boolean;
  /** The first choice's message; built when asked for. */
  readonly message: () => AssistantMessage;
}

/** What a body with status 200 holds: an answer, an error in disguise, or nothing that can be understood. */
export type CompletionBody =
  | { readonly kind: 'completion'; readonly facts: CompletionFacts }
  | { readonly kind: 'error'; readonly body: unknown }
  | { readonly kind: 'garbage' };

/**
 * Reads a chat completion, parsing its JSON once. (A reader that skims the bytes for usage and finish reason was measured: 2 to 4
 * times slower than V8's parser from 400 bytes to 12 KB.)
 */
export function readCompletion(body: Buffer): CompletionBody {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch {
    return { kind: 'garbage' };
  }
  // Gemini wraps an error in an array.
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (isRecord(first) && first['error'] !== undefined && first['error'] !== null) return { kind: 'error', body: parsed };
  const choice: unknown = isRecord(parsed) && Array.isArray(parsed['choices']) ? parsed['choices'][0] : undefined;
  if (!isRecord(parsed) || !isRecord(choice) || !isRecord(choice['message'])) return { kind: 'garbage' };
  const { message } = choice as { message: Record<string, unknown> };
  const calls = message['tool_calls'];
  return {
    kind: 'completion',
    facts: {
      id: stringOr(parsed['id']),
      model: stringOr(parsed['model']),
      usage: readUsage(parsed['usage']),
      finishWord: stringOr(choice['finish_reason']),
      hasToolCalls: Array.isArray(calls) && calls.length > 0,
      message: () => readMessage(message),
    },
  };
}

function stringOr(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
