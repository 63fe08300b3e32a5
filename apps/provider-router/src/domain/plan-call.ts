import type { Conversation } from '@nexus/contracts';
import { AppError, type TokenPrice } from '@nexus/core';
import { chatRequestOf } from './chat-request.js';
import { priceForInput, type ResolvedModel } from './model-catalog.js';

/** Tokens beyond the bytes of the body that a provider may count: message framing, tool preambles. */
const INPUT_OVERHEAD = 512;
/** The dearest picture of the providers' published rules (a large image at high detail); its bytes say nothing about its tokens. */
const TOKENS_PER_IMAGE = 50_000;
/** Where neither caller, configuration nor price list says how long an answer may be. */
const FALLBACK_OUTPUT = 4_096;
/** An answer cut shorter than this helps nobody, unless the caller asked for less. */
const SMALLEST_USEFUL_OUTPUT = 16;

/** A call as it will be made, up to the budget's word. */
export interface CallPlan {
  readonly model: ResolvedModel;
  /** An upper bound: no tokenizer makes more tokens than there are bytes. */
  readonly maxInputTokens: number;
  readonly maxOutputTokens: number;
  readonly minOutputTokens: number;
  /** The price of the worst case. */
  readonly price: TokenPrice;
  readonly isStream: boolean;
  /** The client asked for the usage block of a stream. */
  readonly wantsUsage: boolean;
  /** The body for a granted output, ready to send. */
  readonly bodyFor: (grantedOutputTokens: number) => Buffer;
}

/** Plans a call whose body came as an OpenAI client wrote it. Throws AppError `invalid_request` when it is no JSON object. */
export function planOpenAiCall(bytes: Uint8Array, model: ResolvedModel): CallPlan {
  const original = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = parseBody(original);
  return plan(body, model, original);
}

/** Plans a call of a run. */
export function planConversation(conversation: Conversation, model: ResolvedModel, isStream: boolean): CallPlan {
  return plan({ ...chatRequestOf(conversation), ...(isStream && { stream: true }) }, model, undefined);
}

type Body = Record<string, unknown>;

function plan(body: Body, model: ResolvedModel, original: Buffer | undefined): CallPlan {
  const limit = outputLimitOf(body);
  const size = original?.length ?? Buffer.byteLength(JSON.stringify(body));
  const maxInputTokens = Math.min(size + INPUT_OVERHEAD + TOKENS_PER_IMAGE * countImages(body), model.contextWindow ?? Number.MAX_SAFE_INTEGER);
  const maxOutputTokens = Math.min(limit ?? model.defaultMaxOutputTokens ?? model.maxOutputTokens ?? FALLBACK_OUTPUT, model.maxOutputTokens ?? Number.MAX_SAFE_INTEGER);
  const isStream = body['stream'] === true;
  return {
    model,
    maxInputTokens,
    maxOutputTokens,
    minOutputTokens: Math.min(maxOutputTokens, SMALLEST_USEFUL_OUTPUT),
    price: priceForInput(model, maxInputTokens),
    isStream,
    wantsUsage: isStream && isObject(body['stream_options']) && body['stream_options']['include_usage'] === true,
    bodyFor: (granted) => {
      const changes = changesFor(body, model, isStream, limit, granted);
      return changes === undefined && original ? original : Buffer.from(JSON.stringify({ ...body, ...changes }));
    },
  };
}

/** What must differ from what the client wrote; undefined leaves its bytes as they are. */
function changesFor(body: Body, model: ResolvedModel, isStream: boolean, limit: number | undefined, granted: number): Body | undefined {
  const changes: Body = {};
  if (body['model'] !== model.upstreamModel) changes['model'] = model.upstreamModel;
  if (isStream && model.target.streamUsage && !(isObject(body['stream_options']) && body['stream_options']['include_usage'] === true)) {
    changes['stream_options'] = { ...(isObject(body['stream_options']) ? body['stream_options'] : {}), include_usage: true };
  }
  if (!model.target.streamUsage && 'stream_options' in body) changes['stream_options'] = undefined; // some refuse a field they do not know
  const isPriced = model.price.output > 0;
  if ((limit === undefined && isPriced) || (limit !== undefined && limit > granted)) {
    changes[model.target.outputLimitParameter] = granted;
    const other = model.target.outputLimitParameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    if (other in body) changes[other] = undefined;
  }
  for (const _ in changes) return changes;
  return undefined;
}

function outputLimitOf(body: Body): number | undefined {
  const limits = [body['max_completion_tokens'], body['max_tokens']].filter((value) => typeof value === 'number' && Number.isSafeInteger(value) && value > 0);
  return limits.length > 0 ? Math.max(...(limits as number[])) : undefined;
}

function countImages(body: Body): number {
  let images = 0;
  for (const message of Array.isArray(body['messages']) ? (body['messages'] as unknown[]) : []) {
    const content = isObject(message) ? message['content'] : undefined;
    if (Array.isArray(content)) for (const part of content as unknown[]) if (isObject(part) && part['type'] !== 'text') images++;
  }
  return images;
}

function parseBody(bytes: Buffer): Body {
  try {
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    if (isObject(body)) return body;
  } catch {
    // said below
  }
  throw new AppError('invalid_request', 'The body must be a JSON object.', { status: 400 });
}

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
