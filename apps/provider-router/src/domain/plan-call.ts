import { Wire } from '@nexus/contracts';
import type { TokenPrice } from '@nexus/core';
import { withoutForeignReasoning, withoutForeignThoughts, type AnswerWriter, type ModelAnswer, type ModelRequest } from '@nexus/wires';
import { isObject, type AskedCall, type Body, type ClientRequest } from './asked-call.js';
import { clientFormOf, type AnsweredAttempt } from './client-form.js';
import { endpointOf, endpointOfWire, upstreamWires, type Endpoint } from './endpoint.js';
import { mostInputTokens, readsKept, searchesAsTokens } from './input-bound.js';
import { priceForInput, type ResolvedModel } from './model-catalog.js';
import { outputLimits } from './output-limit.js';
import { ownWorkOf } from './own-work.js';
import { rewritten } from './rewritten-body.js';
import { standardService } from './standard-service.js';

/** Where neither caller, configuration nor price list says how long an answer may be. */
const FALLBACK_OUTPUT = 4_096;
/** An answer cut shorter than this helps nobody, unless the caller asked for less. */
const SMALLEST_USEFUL_OUTPUT = 16;
/** No model writes more; a limit beyond it would only be too large for the ledger. */
const LONGEST_OUTPUT = 10_000_000;

/** A call as it will be made, up to the budget's word. */
export interface CallPlan {
  readonly model: ResolvedModel;
  /** The API of the provider that the call goes to. */
  readonly endpoint: Endpoint;
  /** An upper bound of what is charged as input; what searches beyond the first may cost is in it, in tokens of the same price. */
  readonly maxInputTokens: number;
  /** Of all choices together. */
  readonly maxOutputTokens: number;
  readonly minOutputTokens: number;
  /** The price of the worst case, without the buckets that this call cannot fill. */
  readonly price: TokenPrice;
  readonly isStream: boolean;
  /** The client asked for the usage block of a stream. */
  readonly wantsUsage: boolean;
  /** The provider speaks the client's own wire: what it answers goes to the client byte for byte. */
  readonly isPassthrough: boolean;
  /** Of the client, that its provider gets too; undefined where there are none. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** The body for a granted output, ready to send: whatever the client wrote, the provider is held to it by the name that it knows. */
  readonly bodyFor: (grantedOutputTokens: number) => Buffer;
  /** The same in no wire's own form. Throws AppError (400) for embeddings. */
  readonly requestFor: (grantedOutputTokens: number) => ModelRequest;
  /** The answer as bytes of the client's wire; `answer` is looked at only where `body` is not in that wire already. */
  readonly answerBytes: (answered: { readonly body: Buffer | undefined; readonly answer: () => ModelAnswer }, attempt: AnsweredAttempt) => Uint8Array;
  /** Writes a stream in the client's wire; undefined where it goes through as it is, and for runs. */
  readonly writerFor: (attempt: AnsweredAttempt) => AnswerWriter | undefined;
}

/** Plans a call of a model. Throws AppError (400) for what cannot be held inside a budget, or said in the provider's wire. */
export function planCall(asked: AskedCall, model: ResolvedModel): CallPlan {
  const { client } = asked;
  const endpoint = endpointOf(client?.wire, model);
  const isPassthrough = client !== undefined && endpointOfWire(client.wire) === endpoint;
  const output = outputOf(endpoint, isPassthrough ? limitOf(endpoint, client.body) : asked.request().maxOutputTokens, model);
  const upstream = isPassthrough ? passed(client) : { body: translated(asked, endpoint, model, output), original: undefined };
  const choices = endpoint === 'embeddings' || endpoint === 'local' ? 1 : outputLimits[endpoint].choicesOf(upstream.body);
  const bytes = upstream.original?.length ?? Buffer.byteLength(JSON.stringify(upstream.body));
  const { rounds, changes: limited } = ownWorkOf(endpoint, upstream.body);
  const changes = { ...limited, ...standardService(endpoint, upstream.body) };
  const work = { ...rounds, searches: Math.max(rounds.searches, model.searchesPerCall ?? 0) * dearestSearch(upstream.body) };
  const readTokens = mostInputTokens({ body: upstream.body, bytes, rounds: work, isMoreThanBody: isMoreThanBody(upstream.body) }, windowOf(endpoint, model));
  const listed = priceForInput(model, readTokens);
  const capOf = (granted: number): number | undefined => (output.isCapped ? Math.min(output.each, Math.floor(granted / choices)) : undefined);
  return {
    model,
    endpoint,
    maxInputTokens: readTokens + searchesAsTokens(work, listed),
    maxOutputTokens: choices * output.each,
    minOutputTokens: choices * Math.min(output.each, SMALLEST_USEFUL_OUTPUT),
    price: reachable(listed, work.searches > 0, upstream),
    isStream: asked.isStream,
    wantsUsage: asked.isStream && client !== undefined && asksForUsage(client.body),
    isPassthrough,
    headers: isPassthrough ? client.headers : undefined,
    bodyFor: (granted) => {
      const cap = capOf(granted);
      const capped = cap === undefined || endpoint === 'embeddings' || endpoint === 'local' ? {} : outputLimits[endpoint].capped(upstream.body, cap, model);
      return rewritten(upstream.original, upstream.body, { ...namedAndStreamed(upstream.body, endpoint, model, asked.isStream), ...changes, ...capped });
    },
    requestFor: (granted) => {
      const cap = capOf(granted);
      return { ...requestTo(asked, model), ...(cap !== undefined && { maxOutputTokens: cap }) };
    },
    ...clientFormOf(asked, isPassthrough),
  };
}

function requestTo(asked: AskedCall, model: ResolvedModel): ModelRequest {
  const request = asked.request();
  // a wish that no answer depends on
  const reasoning = model.abilities.reasoning === false ? undefined : request.reasoning;
  return { ...request, model: model.upstreamModel, isStream: asked.isStream, wantsUsage: asked.isStream && model.target.streamUsage, reasoning };
}

interface Upstream {
  readonly body: Body;
  /** The bytes that the body was read from, where they are sent. */
  readonly original: Buffer | undefined;
}

/** Thoughts that another provider had, in a conversation that went to and fro, would be refused. */
function passed({ wire, body, bytes }: ClientRequest): Upstream {
  const own = ownThoughts(wire, body);
  return { body: own, original: own === body ? bytes : undefined };
}

function ownThoughts(wire: Wire, body: Body): Body {
  if (wire === Wire.ANTHROPIC_MESSAGES) return withoutForeignThoughts(body);
  return wire === Wire.OPENAI_RESPONSES ? withoutForeignReasoning(body) : body;
}

/** Written with the output that the model may have, on which what it is told of thinking depends. */
function translated(asked: AskedCall, endpoint: Endpoint, model: ResolvedModel, { each, isCapped }: Output): Body {
  const request = { ...requestTo(asked, model), ...(isCapped && { maxOutputTokens: each }) };
  return endpoint === 'local' || endpoint === 'embeddings' ? { messages: request.messages, tools: request.tools } : upstreamWires[endpoint].writeRequest(request);
}

interface Output {
  /** Of one choice. */
  readonly each: number;
  /** The provider is told. */
  readonly isCapped: boolean;
}

function limitOf(endpoint: Endpoint, body: Body): number | undefined {
  return endpoint === 'embeddings' || endpoint === 'local' ? undefined : outputLimits[endpoint].limitOf(body);
}

function outputOf(endpoint: Endpoint, limit: number | undefined, model: ResolvedModel): Output {
  if (endpoint === 'embeddings') return { each: 0, isCapped: false };
  const each = Math.min(limit ?? model.defaultMaxOutputTokens ?? model.maxOutputTokens ?? FALLBACK_OUTPUT, model.maxOutputTokens ?? LONGEST_OUTPUT, LONGEST_OUTPUT);
  return { each, isCapped: limit !== undefined || model.price.output > 0 || endpoint === 'messages' || endpoint === 'local' };
}

/** The provider's own name of the model, and of a stream its usage. */
function namedAndStreamed(body: Body, endpoint: Endpoint, { upstreamModel, target }: ResolvedModel, isStream: boolean): Body {
  const changes: Record<string, unknown> = {};
  if (endpoint !== 'gemini' && body['model'] !== upstreamModel) changes['model'] = upstreamModel;
  if (endpoint !== 'chat') return changes;
  if (!target.streamUsage && 'stream_options' in body) changes['stream_options'] = undefined; // some refuse a field they do not know
  if (isStream && target.streamUsage && !asksForUsage(body)) {
    changes['stream_options'] = { ...(isObject(body['stream_options']) ? body['stream_options'] : {}), include_usage: true };
  }
  return changes;
}

function asksForUsage(body: Body): boolean {
  return isObject(body['stream_options']) && body['stream_options']['include_usage'] === true;
}

/** What an embedding model reads is said of each text, and a call has many. */
function windowOf(endpoint: Endpoint, { contextWindow }: ResolvedModel): number | undefined {
  return endpoint === 'embeddings' ? undefined : contextWindow;
}

/** What a provider keeps and reads again is nowhere in the body. */
function isMoreThanBody(body: Body): boolean {
  return ['previous_response_id', 'conversation', 'prompt', 'container'].some((field) => body[field] !== undefined && body[field] !== null) || readsKept(body);
}

/** Prices are those of the smallest searches; the largest cost up to three times as much, and not every provider makes small ones unasked. */
function dearestSearch(body: Body): number {
  const { web_search_options: options } = body;
  return isObject(options) && options['search_context_size'] !== 'low' ? 3 : 1;
}

const LONG_CACHE = Buffer.from('"1h"');
/** A word may be written with it so that its letters are not to be seen. */
const ESCAPED = Buffer.from('\\u');

/** Without the prices of what this call cannot use: audio that is neither sent nor asked for, a cache for an hour, searches. */
function reachable(price: TokenPrice, searches: boolean, { body, original }: Upstream): TokenPrice {
  const { audioInput, audioOutput, cacheWrite1h, request, ...others } = price;
  if (audioInput === undefined && audioOutput === undefined && cacheWrite1h === undefined && request === undefined) return price;
  const bytes = original && !original.includes(ESCAPED) ? original : Buffer.from(JSON.stringify(body));
  const hasAudio = bytes.includes('audio');
  return { ...others, ...(hasAudio && { audioInput, audioOutput }), ...(bytes.includes(LONG_CACHE) && { cacheWrite1h }), ...(searches && { request }) };
}
