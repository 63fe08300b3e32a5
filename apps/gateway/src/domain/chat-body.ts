import { checkBoolean, checkModel } from './body-fields.js';
import type { ChatBodyMessage } from './chat-message-body.js';
import { checkMessages } from './chat-message-body.js';
import { checkTools, type ChatBodyTool } from './chat-tool-body.js';
import { invalidInput, isRecord, wrongType } from './invalid-input.js';

/** A checked body of POST /v1/chat/completions: what NEXUS reads of it. All else passes through to the provider untouched. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly ChatBodyMessage[];
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_usage?: boolean | null } | null;
  readonly tools?: readonly ChatBodyTool[] | null;
  readonly tool_choice?: unknown;
  readonly functions?: unknown;
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
  readonly temperature?: number | null;
  readonly top_p?: number | null;
  readonly seed?: number | null;
  readonly stop?: string | readonly string[] | null;
  readonly user?: unknown;
}

/**
 * Checks what NEXUS relies on and what every provider would refuse, by hand because it stands on the hot path.
 * Throws an AppError (400) that names the first wrong place.
 */
export function checkChatBody(value: unknown): ChatBody {
  if (!isRecord(value)) throw invalidInput('invalid_type', 'body', 'The body must be a JSON object.');
  checkModel(value.model);
  checkMessages(value.messages);
  checkBoolean('stream', value.stream);
  checkStreamOptions(value.stream_options, value.stream);
  if (value.n !== undefined && value.n !== null && value.n !== 1) {
    throw invalidInput('unsupported_value', 'n', "Invalid 'n': only 1 choice a request is supported. Send the request again for another choice.");
  }
  checkTokenCount('max_tokens', value.max_tokens);
  checkTokenCount('max_completion_tokens', value.max_completion_tokens);
  checkNumber('temperature', value.temperature);
  checkNumber('top_p', value.top_p);
  checkSeed(value.seed);
  checkStop(value.stop);
  if (value.tools !== undefined && value.tools !== null) checkTools(value.tools);
  return value as unknown as ChatBody;
}

function checkStreamOptions(options: unknown, stream: unknown): void {
  if (options === undefined || options === null) return;
  if (!isRecord(options)) throw wrongType('stream_options', 'an object', options);
  if (stream !== true) throw invalidInput('invalid_value', 'stream_options', "'stream_options' is only allowed when 'stream' is true.");
  checkBoolean('stream_options.include_usage', options.include_usage);
}

function checkTokenCount(param: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'number') throw wrongType(param, 'a positive integer', value);
  if (!Number.isSafeInteger(value) || value < 1) throw invalidInput('invalid_value', param, `Invalid '${param}': expected a positive integer, but got ${value}.`);
}

function checkNumber(param: string, value: unknown): void {
  if (value !== undefined && value !== null && typeof value !== 'number') throw wrongType(param, 'a number', value);
}

function checkSeed(value: unknown): void {
  if (value === undefined || value === null) return;
  if (!Number.isSafeInteger(value)) throw wrongType('seed', 'an integer of at most 53 bits', value);
}

function checkStop(value: unknown): void {
  if (value === undefined || value === null || typeof value === 'string') return;
  if (!Array.isArray(value)) throw wrongType('stop', 'a string or an array of strings', value);
  const wrong = value.findIndex((item) => typeof item !== 'string');
  if (wrong >= 0) throw wrongType(`stop[${wrong}]`, 'a string', value[wrong] ?? null);
}
