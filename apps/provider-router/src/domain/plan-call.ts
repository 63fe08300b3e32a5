import { AppError, type TokenPrice } from '@nexus/core';
import { isObject, type AskedCall, type Body } from './asked-call.js';
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
/** No model writes more; a limit beyond it would only be too large for the ledger. */
const LONGEST_OUTPUT = 10_000_000;
const MOST_CHOICES = 128;

/** A call as it will be made, up to the budget's word. */
export interface CallPlan {
  readonly model: ResolvedModel;
  /** An upper bound: no tokenizer makes more tokens than there are bytes. */
  readonly maxInputTokens: number;
  /** Of all choices together. */
  readonly maxOutputTokens: number;
  readonly minOutputTokens: number;
  /** The price of the worst case. */
  readonly price: TokenPrice;
  readonly isStream: boolean;
  /** The client asked for the usage block of a stream. */
  readonly wantsUsage: boolean;
  /** The body for a granted output, ready to send: whatever the client wrote, the provider is held to it by the name that it knows. */
  readonly bodyFor: (grantedOutputTokens: number) => Buffer;
}

/** Plans a call of a model. Throws AppError (400) for what cannot be held inside a budget, or said in the provider's wire. */
export function planCall(asked: AskedCall, model: ResolvedModel): CallPlan {
  if (asked.client) return plan(asked.client.body, asked.client.bytes, model, outputLimitOf(asked.client.body));
  const body: Body = { ...chatRequestOf(asked.conversation), ...(asked.isStream && { stream: true }) };
  const limit = Number(asked.conversation.parameters?.maxOutputTokens ?? 0n);
  return plan(body, Buffer.from(JSON.stringify(body)), model, limit > 0 ? limit : undefined);
}

function plan(body: Body, original: Buffer, model: ResolvedModel, limit: number | undefined): CallPlan {
  const choices = choicesOf(body);
  const maxInputTokens = Math.min(original.length + INPUT_OVERHEAD + TOKENS_PER_IMAGE * countImages(body), model.contextWindow ?? Number.MAX_SAFE_INTEGER);
  const eachOutput = Math.min(limit ?? model.defaultMaxOutputTokens ?? model.maxOutputTokens ?? FALLBACK_OUTPUT, model.maxOutputTokens ?? LONGEST_OUTPUT, LONGEST_OUTPUT);
  const isStream = body['stream'] === true;
  const isCapped = limit !== undefined || model.price.output > 0;
  return {
    model,
    maxInputTokens,
    maxOutputTokens: choices * eachOutput,
    minOutputTokens: choices * Math.min(eachOutput, SMALLEST_USEFUL_OUTPUT),
    price: priceForInput(model, maxInputTokens),
    isStream,
    wantsUsage: isStream && asksForUsage(body),
    bodyFor: (granted) => rewritten(original, body, changesFor(body, model, isStream, isCapped ? Math.min(eachOutput, Math.floor(granted / choices)) : undefined)),
  };
}

/** What must differ from what the client wrote. */
function changesFor(body: Body, { upstreamModel, target }: ResolvedModel, isStream: boolean, cap: number | undefined): Body {
  const changes: Body = {};
  if (body['model'] !== upstreamModel) changes['model'] = upstreamModel;
  if (!target.streamUsage && 'stream_options' in body) changes['stream_options'] = undefined; // some refuse a field they do not know
  if (isStream && target.streamUsage && !asksForUsage(body)) {
    changes['stream_options'] = { ...(isObject(body['stream_options']) ? body['stream_options'] : {}), include_usage: true };
  }
  if (cap === undefined) return changes;
  const other = target.outputLimitParameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  if (body[target.outputLimitParameter] !== cap) changes[target.outputLimitParameter] = cap;
  if (other in body) changes[other] = undefined;
  return changes;
}

/** The body with its changes. What is only added is written behind what is there, which then stays as it was, byte for byte. */
function rewritten(original: Buffer, body: Body, changes: Body): Buffer {
  const names = Object.keys(changes);
  if (names.length === 0) return original;
  if (names.some((name) => name in body)) return Buffer.from(JSON.stringify({ ...body, ...changes }));
  const end = original.lastIndexOf(CLOSING_BRACE);
  return Buffer.concat([original.subarray(0, end), Buffer.from(`,${JSON.stringify(changes).slice(1)}`)]);
}

const CLOSING_BRACE = 0x7d;

function outputLimitOf(body: Body): number | undefined {
  const limits = [body['max_completion_tokens'], body['max_tokens']].filter((value) => typeof value === 'number' && Number.isSafeInteger(value) && value > 0);
  return limits.length > 0 ? Math.max(...(limits as number[])) : undefined;
}

/** Each choice is an answer of its own, as long as the limit allows. */
function choicesOf(body: Body): number {
  const n = body['n'] ?? 1;
  if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MOST_CHOICES) return n;
  throw new AppError('invalid_request', `n must be a whole number from 1 to ${MOST_CHOICES}.`, { status: 400, param: 'n' });
}

function asksForUsage(body: Body): boolean {
  return isObject(body['stream_options']) && body['stream_options']['include_usage'] === true;
}

function countImages(body: Body): number {
  let images = 0;
  for (const message of Array.isArray(body['messages']) ? (body['messages'] as unknown[]) : []) {
    const content = isObject(message) ? message['content'] : undefined;
    if (Array.isArray(content)) for (const part of content as unknown[]) if (isObject(part) && part['type'] !== 'text') images++;
  }
  return images;
}
