import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type Message, type OutgoingMessage, type Subscription } from '@nexus/channels';
import { InferenceResponseSchema, ProgressPartSchema, RoutingSchema, Wire, toWireError, type InferenceResponse } from '@nexus/contracts';
import { AppError, newId } from '@nexus/core';
import { embeddingsAnswer, hubAnswer } from './fake-answers.js';

type Request = Message<'inference.request'>;

/** A stand-in for provider-router: answers model calls on the bus as the name of the model says. */
export interface FakeRouter {
  readonly requests: Request[];
  readonly cancelled: string[];
  stop(): Promise<void>;
}

export const CHUNKS = ['The', ' answer', ' is', ' 42.'];

/** Models: `missing`, `slow` (until cancelled), `cut` (fails in the midst of a stream), `late` (the answer overtakes its parts), `lossy`, `auto` (tells how it was chosen); any other answers, in the wire that it was asked in. */
export function startFakeRouter(bus: ChannelBus): FakeRouter {
  const requests: Request[] = [];
  const cancelled: string[] = [];
  const subscriptions: Subscription[] = [
    bus.follow('inference.cancel', (batch) => void cancelled.push(...batch.map(({ payload }) => String(payload.target.value)))),
    bus.consumeEach({ channel: 'inference.request', group: 'provider-router', consumer: 'fake', onDeadLetter: () => Promise.resolve([]) }, (message) => {
      requests.push(message);
      return Promise.resolve(answersTo(message));
    }),
  ];
  return { requests, cancelled, stop: async () => void (await Promise.all(subscriptions.map((subscription) => subscription.stop()))) };
}

function answersTo(message: Request): OutgoingMessage[] {
  const { model, input, wantParts, wire } = message.payload;
  const body = JSON.parse(Buffer.from(input.value as Uint8Array).toString()) as ChatAsked;
  if (model === 'missing') return [response(message, { outcome: failure('model_not_found', 404) })];
  if (model === 'busy') return [response(message, { outcome: failure('rate_limit_exceeded', 429, 1_500) })];
  if (wire === Wire.OPENAI_EMBEDDINGS) return [response(message, { outcome: completion(embeddingsAnswer(body, model)) })];
  const inWire = hubAnswer(wire, body, model, CHUNKS, message.payload.attemptId);
  const streamed = inWire?.streamed ?? streamOf(model, body);
  if (model === 'slow') return wantParts ? [part(message, 0, inWire?.streamed[0] ?? chunk(model, { role: 'assistant', content: 'one' }))] : [];
  if (!wantParts || model === 'whole') return [response(message, { outcome: completion(inWire?.whole ?? whole(model, body.tools?.[0]?.function.name)) })];
  const parts = streamed.map((events, seq) => part(message, seq, events));
  if (model === 'cut') return [...parts.slice(0, 2), response(message, { outcome: failure('provider_error', 502), parts: 2n })];
  const end = response(message, { outcome: completion(''), parts: BigInt(parts.length) });
  if (model === 'late') return [end, ...parts];
  if (model === 'lossy') return [...parts.filter((_, i) => i !== 1), end];
  return [...parts, end];
}

interface ChatAsked {
  readonly tools?: { readonly function: { readonly name: string } }[];
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly input?: unknown;
  readonly encoding_format?: unknown;
}

function streamOf(model: string, body: ChatAsked): string[] {
  const tool = body.tools?.[0]?.function.name;
  const deltas = tool === undefined
    ? CHUNKS.map((content, i) => chunk(model, { ...(i === 0 && { role: 'assistant' }), content }))
    : [chunk(model, { role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: tool, arguments: '{"city":"Oslo"}' } }] })];
  const usage = body.stream_options?.include_usage ? [event({ ...frame(model, 'chat.completion.chunk'), choices: [], usage: USAGE })] : [];
  return [...deltas, chunk(model, {}, tool === undefined ? 'stop' : 'tool_calls'), ...usage];
}

const USAGE = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
const frame = (model: string, object: string): object => ({ id: 'chatcmpl-upstream', object, created: 1_763_600_000, model });
const event = (json: object): string => `data: ${JSON.stringify(json)}\n\n`;
const chunk = (model: string, delta: object, finish: string | null = null): string => event({ ...frame(model, 'chat.completion.chunk'), choices: [{ index: 0, delta, finish_reason: finish }] });

function whole(model: string, tool: string | undefined): string {
  const message = tool === undefined
    ? { role: 'assistant', content: CHUNKS.join(''), refusal: null }
    : { role: 'assistant', content: null, refusal: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: tool, arguments: '{"city":"Oslo"}' } }] };
  return JSON.stringify({ ...frame(model, 'chat.completion'), choices: [{ index: 0, message, logprobs: null, finish_reason: tool === undefined ? 'stop' : 'tool_calls' }], usage: USAGE });
}

function completion(body: string): InferenceResponse['outcome'] {
  return { case: 'completion', value: { $typeName: 'nexus.inference.v1.Completion', output: { case: 'body', value: Buffer.from(body) }, finishReason: 1 } };
}

/** How the model of `auto` was chosen. */
const ROUTING = create(RoutingSchema, {
  requested: 'auto', model: 'bench/fake', tier: 'fast', confidence: 0.9, reason: 'short, no tools – cheapest', classifier: 'rules',
  fallbacks: [{ model: 'bench/dear', code: 'rate_limit', reason: 'the bucket is empty' }], cache: 'exact',
});

function failure(code: string, status: number, retryAfterMs?: number): InferenceResponse['outcome'] {
  return { case: 'error', value: toWireError(new AppError(code, `It went wrong: ${code}.`, { status, param: 'model', ...(retryAfterMs !== undefined && { retryAfterMs, isRetryable: true }) })) };
}

function response(message: Request, fields: Partial<Pick<InferenceResponse, 'outcome' | 'parts'>>): OutgoingMessage {
  const { attemptId, model } = message.payload;
  const payload = create(InferenceResponseSchema, { attemptId, ...(model === 'auto' && { routing: ROUTING }), spend: { provider: 'bench', model: 'fake', costMicroUsd: 17n, usage: { input: 9n, output: 4n } }, ...fields });
  return outgoing({ channel: 'inference.response', id: newId(), tenantId: message.tenantId, to: message.replyTo, payload });
}

function part(message: Request, seq: number, events: string): OutgoingMessage {
  const payload = create(ProgressPartSchema, { messageId: message.payload.attemptId, seq: BigInt(seq), part: { case: 'events', value: Buffer.from(events) } });
  return outgoing({ channel: 'requests.progress', id: newId(), tenantId: message.tenantId, to: message.replyTo, payload });
}
