import { create } from '@bufbuild/protobuf';
import { ConversationSchema, FinishReason, Role, UsageRecorded_Result as Result, Wire } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLocalUpstream, type LocalUpstream } from '../src/providers/http/local-upstream.fixture.js';
import { wireSamples, type WireSample } from '../src/providers/http/wire-samples.fixture.js';
import { RouterUnderTest, RouterWorld } from './router-test.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let upstream: LocalUpstream;
let router: RouterUnderTest;
/** What the provider does with the next calls. */
let reply: (response: ServerResponse) => void;

/** $1 for a million tokens of input, $10 of output. A provider of each kind, which is never given a rest. */
const PROVIDERS = `
providers:
${wireSamples.map(({ kind }) => `  - name: ${kind}-provider
    kind: ${kind}
    base_url_env: TEST_WIRES_URL
    breaker: { failures: 1000 }
    timeouts: { first_byte_ms: 300, idle_ms: 300 }
    models:
      - { id: "${kind}-model", price: { input: 1, output: 10 }, max_output_tokens: 4096, context_window: 100000 }
      - { id: "${kind}-embed", mode: embedding, price: { input: 1, output: 0 } }`).join('\n')}
  - name: searcher
    base_url_env: TEST_WIRES_URL
    models:
      - { id: sonar, searches_per_call: 1, price: { input: 1, output: 1, request: 0.005 } }
`;

beforeAll(async () => {
  world = await RouterWorld.start();
  upstream = await startLocalUpstream((response) => reply(response));
  router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url, providers: PROVIDERS, environment: { TEST_WIRES_URL: upstream.target.baseUrl } });
});
afterAll(async () => {
  await router?.stop();
  await upstream?.close();
  await world?.provider.close();
});
beforeEach(() => {
  world.reset();
});

const whole = ({ whole: body }: WireSample) => (response: ServerResponse): void => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const stream = (events: readonly string[], end: (response: ServerResponse) => void = (response) => response.end()) => (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(event);
  end(response);
};

interface Client {
  readonly wire: Wire;
  readonly body: (model: string) => object;
  readonly textIn: (answer: Record<string, any>) => unknown; // eslint-disable-line @typescript-eslint/no-explicit-any -- three wires' answers
  /** Ends a whole stream; [DONE] is not the router's to write. */
  readonly last: RegExp;
}
const clients: readonly Client[] = [
  { wire: Wire.OPENAI_CHAT, body: (model) => ({ model, messages: [{ role: 'user', content: 'hi' }] }), textIn: (answer) => answer['choices'][0].message.content, last: /"finish_reason":"stop"/ },
  { wire: Wire.ANTHROPIC_MESSAGES, body: (model) => ({ model, max_tokens: 100, messages: [{ role: 'user', content: 'hi' }] }), textIn: (answer) => answer['content'][0].text, last: /event: message_stop\ndata: .*\n\n$/ },
  { wire: Wire.OPENAI_RESPONSES, body: (model) => ({ model, input: 'hi' }), textIn: (answer) => answer['output'][0].content[0].text, last: /event: response\.completed\ndata: .*\n\n$/ },
];
const pairs = clients.flatMap((client) => wireSamples.map((sample) => [Wire[client.wire], sample.kind, client, sample] as const));

describe('a client of one wire and a provider of another', () => {
  it.each(pairs)('%s, %s: the whole answer, what it cost, one record', async (_wire, kind, client, sample) => {
    reply = whole(sample);
    const message = await router.ask(client.body(`${kind}-provider/${kind}-model`), { wire: client.wire });
    const answer = await router.answer(message);
    const completion = answer.outcome.case === 'completion' ? answer.outcome.value : undefined;
    expect(client.textIn(JSON.parse(Buffer.from(completion?.output.value as Uint8Array).toString()))).toBe('hello');
    expect(completion?.finishReason).toBe(FinishReason.STOP);
    expect(answer.spend).toMatchObject({ costMicroUsd: 60n, usage: { input: 10n, output: 5n, estimated: false } });
    expect(await router.record(message)).toMatchObject({ result: Result.SUCCEEDED, model: `${kind}-model`, usage: { input: 10n, output: 5n } });
  });

  it.each(pairs)('%s, %s: a stream, in the client\'s events, to its end', async (_wire, kind, client, sample) => {
    reply = stream([...sample.opening, ...sample.pieces, ...sample.ending]);
    const message = await router.ask({ ...client.body(`${kind}-provider/${kind}-model`), stream: true }, { wire: client.wire, wantParts: true });
    const answer = await router.answer(message);
    expect(answer).toMatchObject({ outcome: { case: 'completion', value: { finishReason: FinishReason.STOP } }, spend: { usage: { input: 10n, output: 5n, estimated: false } } });
    await waitFor(() => client.last.test(router.eventsOf(message)), { what: `the end of ${router.eventsOf(message)}` });
    const events = router.eventsOf(message);
    expect([...events.matchAll(/"(?:content|text|delta)":"(hel|lo)"/g)].map(([, piece]) => piece).join('')).toBe('hello');
    expect(events).not.toContain('[DONE]');
  });
});

describe.each(wireSamples.map((sample) => [sample.kind, sample] as const))('a run at %s', (kind, sample) => {
  const input = () => ({ case: 'conversation' as const, value: create(ConversationSchema, { messages: [{ role: Role.USER, parts: [{ kind: { case: 'text', value: 'hi' } }] }] }) });
  const run = () => ({ runId: newId(), threadId: newId(), step: 1, epoch: 1n });

  it('gets a message, and tells its text as it comes', async () => {
    reply = stream([...sample.opening, ...sample.pieces, ...sample.ending]);
    const message = await router.ask({}, { model: `${kind}-provider/${kind}-model`, input: input(), run: run(), wantParts: true });
    const answer = await router.answer(message);
    const said = answer.outcome.case === 'completion' && answer.outcome.value.output.case === 'message' ? answer.outcome.value.output.value : undefined;
    expect(said?.parts.map((part) => part.kind)).toEqual([{ case: 'text', value: 'hello' }]);
    await waitFor(() => router.partsOfRuns.filter(({ payload }) => payload.runId === answer.run?.runId).map(({ payload: { part } }) => (part.case === 'textDelta' ? part.value : '')).join('') === 'hello');
  });
});

describe.each(wireSamples.map((sample) => [sample.kind, sample] as const))('a failing provider of the kind %s', (kind, sample) => {
  const ask = () => router.ask({ model: `${kind}-provider/${kind}-model`, messages: [{ role: 'user', content: 'hi' }], stream: true }, { wantParts: true });

  it('that breaks off in its answer: the stream ends with an error, and what came is booked', async () => {
    reply = stream([...sample.opening, ...sample.pieces], (response) => setImmediate(() => response.socket?.resetAndDestroy()));
    const message = await ask();
    expect(await router.answer(message)).toMatchObject({ outcome: { case: 'error', value: { code: 'cut_stream', isRetryable: false } } });
    expect(await router.record(message)).toMatchObject({ result: Result.FAILED, errorCode: 'cut_stream', usage: { estimated: true } });
    expect(router.eventsOf(message)).not.toMatch(/"finish_reason":"/);
  });

  it('that hangs behind its headers: nobody knows, so nothing is booked as certain, and the ledger is told', async () => {
    reply = stream([], (response) => response.flushHeaders());
    const message = await ask();
    expect(await router.answer(message)).toMatchObject({ outcome: { case: 'error', value: { code: 'timeout', isRetryable: false } } });
    expect(router.recordsOf(message)).toEqual([]);
    await waitFor(() => world.ledger.reports.some(({ lost }) => lost.some(({ attemptId }) => attemptId === message.id)), { what: 'the lost attempt in a report' });
  });
});

describe('embeddings', () => {
  const body = { object: 'list', data: [{ object: 'embedding', index: 0, embedding: [0.1, 0.2] }], model: 'e', usage: { prompt_tokens: 7, total_tokens: 7 } };

  it.each([['openai', '/v1/embeddings'], ['gemini', '/v1/openai/embeddings']])('of %s go through as they are, for their input alone', async (kind, path) => {
    reply = (response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const message = await router.ask({ model: `${kind}-provider/${kind}-embed`, input: ['a', 'b'] }, { wire: Wire.OPENAI_EMBEDDINGS });
    const answer = await router.answer(message);
    expect(answer.outcome.case === 'completion' && Buffer.from(answer.outcome.value.output.value as Uint8Array).toString()).toBe(JSON.stringify(body));
    expect(answer.spend).toMatchObject({ costMicroUsd: 7n, usage: { input: 7n, output: 0n } });
    expect(upstream.received.at(-1)?.path).toBe(path);
    expect(JSON.parse(upstream.received.at(-1)?.body ?? '')).toEqual({ model: `${kind}-embed`, input: ['a', 'b'] });
  });
});

describe('a model that searches', () => {
  const sonar = (usage: object) => (response: ServerResponse): void =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...wireSamples[0]?.whole, usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, ...usage } }));

  it.each([
    ['the fee that the provider tells', { search_context_size: 'high', cost: { request_cost: 0.012 } }, 12_015n, 1n],
    ['the listed fee of each search', { num_search_queries: 3 }, 15_015n, 3n],
    ['no fee where there was no search', {}, 15n, 0n],
  ])('costs %s', async (_what, usage, costMicroUsd, requests) => {
    reply = sonar(usage);
    const message = await router.ask({ model: 'searcher/sonar', messages: [{ role: 'user', content: 'hi' }] });
    expect((await router.answer(message)).spend).toMatchObject({ costMicroUsd, usage: { input: 10n, output: 5n, requests } });
    expect(world.ledger.asked.find(({ attemptId }) => attemptId === message.id)?.price?.request).toBe(5_000_000_000n);
    expect((await router.record(message)).usage?.requests).toBe(requests);
  });
});
