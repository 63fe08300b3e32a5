import { newId } from '@nexus/core';
import { startOtlpReceiver, type OtlpReceiver } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByHand } from './by-hand.js';
import { apiKey, serviceToken } from './nexus-apart.js';
import { startTelegramAdapter, type TelegramAdapter } from './telegram-adapter.js';
import { TraceTree } from './trace-tree.js';
import { NEEDS_TOOL, PROVIDER_KEY, startWatchedNexus, type WatchedNexus } from './watched-nexus.js';

/** What no trace and no log may say. */
const SECRET_QUESTION = `Please ${NEEDS_TOOL} for the patient Zebedee Quux`;
const SPAN_OF_SURFACE = '00000000000000aa';
/** One price per million tokens: an answer cannot be free. */
const COSTS = { 'nexus.cost.micro_usd': expect.any(Number) };

describe('OPS-2 what a message leaves behind', () => {
  let watched: WatchedNexus;
  let receiver: OtlpReceiver;
  let hand: ByHand;
  let surface: TelegramAdapter;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    watched = await startWatchedNexus({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER_ARG: '0', NEXUS_LOG_LEVEL: 'trace' });
    hand = new ByHand(watched.nexus.redisUrl);
    surface = await startTelegramAdapter(watched.nexus, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, NEXUS_LOG_LEVEL: 'trace' });
  }, 90_000);
  afterAll(async () => {
    hand?.close();
    await surface?.stop();
    await watched?.stop();
    await receiver?.close();
  });

  const traceOf = (traceId: string): TraceTree => new TraceTree(receiver.spans().filter((span) => span.traceId === traceId));

  /** Asks as a surface does, whose own span is the parent of what follows; gives back the id of the message. */
  async function ask(traceId: string, flags: '00' | '01', more: object = {}): Promise<string> {
    const id = newId();
    await hand.ask(id, { text: SECRET_QUESTION, surface: 'telegram', ...more }, { token: apiKey, traceparent: `00-${traceId}-${SPAN_OF_SURFACE}-${flags}` });
    await hand.answer(id);
    return id;
  }

  it('is one connected trace below the span of its surface, in which queue wait, models, tool, cost and ledger are seen', async () => {
    const traceId = 'a0000000000000000000000000000001';
    const id = await ask(traceId, '01');
    await expect.poll(() => {
      const trace = traceOf(traceId);
      return [trace.with('gen_ai.operation.name', 'chat').length, trace.with('messaging.operation.type', 'settle').length, trace.with('gen_ai.operation.name', 'invoke_agent').length];
    }, { timeout: 15_000 }).toEqual([2, 3, 1]);
    await expect.poll(() => traceOf(traceId).roots(SPAN_OF_SURFACE), { timeout: 15_000 }).toEqual([]); // each service exports when it likes
    const trace = traceOf(traceId);

    const [incoming] = trace.with('messaging.destination.name', 'requests.incoming');
    expect(incoming).toMatchObject({ name: 'process requests.incoming', parentSpanId: SPAN_OF_SURFACE, links: [{ traceId, spanId: SPAN_OF_SURFACE }], attributes: { 'messaging.message.id': id } });
    for (const channel of ['requests.incoming', 'inference.request', 'inference.response', 'tools.execute', 'tools.results', 'usage.recorded']) {
      const spans = trace.with('messaging.destination.name', channel);
      expect(spans.length, channel).toBeGreaterThan(0);
      for (const span of spans) {
        expect(span.attributes, channel).toMatchObject({ 'messaging.system': 'redis', 'nexus.queue_wait_ms': expect.any(Number) });
        expect(span.links, channel).toEqual([{ traceId, spanId: span.parentSpanId }]);
      }
    }
    const chats = trace.with('gen_ai.operation.name', 'chat');
    for (const chat of chats) {
      expect(chat).toMatchObject({ name: 'chat cloud/mini', serviceName: 'nexus-provider-router', attributes: { 'gen_ai.provider.name': 'cloud', 'gen_ai.usage.output_tokens': expect.any(Number), ...COSTS } });
      expect(chat.attributes['nexus.cost.micro_usd']).toBeGreaterThan(0);
    }
    expect(trace.with('gen_ai.tool.name', 'math_solver').map(({ name }) => name).sort()).toEqual(['execute_tool math_solver', 'settle usage.recorded']);
    const [run] = trace.with('gen_ai.operation.name', 'invoke_agent');
    const sum = (spans: typeof chats): number => spans.reduce((total, span) => total + Number(span.attributes['nexus.cost.micro_usd']), 0);
    expect(run?.attributes['nexus.cost.micro_usd']).toBe(sum(chats));
    const booked = trace.with('messaging.operation.type', 'settle');
    expect(sum(booked)).toBe(sum(chats)); // what the ledger booked is what the calls cost
    const last = booked.find((span) => span.attributes['gen_ai.tool.name'] === 'math_solver');
    expect(last && trace.wayUp(last)).toEqual([
      'nexus-usage settle usage.recorded', 'nexus-tool-executor execute_tool math_solver', 'nexus-orchestrator process inference.response',
      'nexus-provider-router chat cloud/mini', 'nexus-orchestrator process requests.incoming',
    ]);
  }, 40_000);

  it('is one connected trace from a Telegram message to its delivered answer', async () => {
    const { telegram } = surface;
    telegram.addChat({ id: 11, type: 'private' });
    telegram.write({ chatId: 11, from: { id: 11, name: 'Zebedee' }, text: SECRET_QUESTION });
    await expect.poll(() => telegram.messages(11).filter(({ isFromBot }) => isFromBot).at(-1)?.text, { timeout: 20_000 }).toContain('42');
    const ofSurface = () => receiver.spans().find(({ serviceName }) => serviceName === 'nexus-telegram');
    await expect.poll(ofSurface, { timeout: 10_000 }).toMatchObject({ name: 'message telegram', parentSpanId: undefined, status: 'unset' });
    const trace = () => traceOf(ofSurface()?.traceId ?? '');
    await expect.poll(() => trace().with('messaging.operation.type', 'settle').length, { timeout: 15_000 }).toBe(3);
    await expect.poll(() => trace().roots(), { timeout: 15_000 }).toEqual(['nexus-telegram message telegram']);
    const [booked] = trace().with('messaging.operation.type', 'settle').filter(({ attributes }) => Number(attributes['nexus.cost.micro_usd']) > 0);
    expect(booked && trace().wayUp(booked).at(-1)).toBe('nexus-telegram message telegram');
    expect(trace().with('gen_ai.tool.name', 'math_solver').map(({ name }) => name)).toContain('execute_tool math_solver');
  }, 60_000);

  it('is not exported when it is not sampled and all went well, but is where it failed', async () => {
    const [well, failed] = ['b0000000000000000000000000000002', 'b0000000000000000000000000000003'];
    await ask(well, '00');
    await ask(failed, '00', { agent: 'careless' });
    const failures = () => new Set(traceOf(failed).spans.filter(({ status }) => status === 'error').map(({ serviceName }) => serviceName));
    await expect.poll(failures, { timeout: 15_000 }).toEqual(new Set(['nexus-provider-router', 'nexus-orchestrator']));
    expect(traceOf(failed).with('messaging.destination.name', 'requests.incoming')).toHaveLength(1); // what went well before it in the same process
    expect(traceOf(well).spans).toEqual([]);
  }, 30_000);

  it('is in the logs by its ids alone: no prompt, no answer, no key, no token', async () => {
    await hand.publishRaw('requests.incoming', 'id', newId(), 'payload', SECRET_QUESTION, 'metadata', JSON.stringify({ authorization: `Bearer ${apiKey}` }));
    await hand.ask(newId(), { text: SECRET_QUESTION, agent: 'careless' }, { token: 'nxs_no_such_key_0123456789' });
    const response = await fetch(`${watched.nexus.urls.gateway}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${apiKey}` }, body: JSON.stringify({ model: 'cloud/mini', messages: [{ role: 'user', content: SECRET_QUESTION }], max_tokens: 'many' }),
    });
    expect(response.status).toBe(400);
    watched.provider.reply({ status: 500, text: `cannot answer: ${SECRET_QUESTION}` });
    await ask('b0000000000000000000000000000004', '00');

    const { 'demo-model': _, ...ofNexus } = watched.nexus.services;
    const services = { ...ofNexus, telegram: surface.adapter };
    const written = () => Object.values(services).map((service) => service.output()).join('\n');
    await expect.poll(() => JSON.stringify(linesOf(written()).filter((line) => line['message'] === 'dead letter')), { timeout: 10_000 }).toContain('malformed_payload');
    const lines = linesOf(written());
    expect(lines.length).toBeGreaterThan(20);
    for (const [name, service] of Object.entries(services)) expect(linesOf(service.output()).length, name).toBe(service.output().trim().split('\n').length); // nothing but JSON
    for (const secret of ['Zebedee', NEEDS_TOOL, 'Well answered', '6*7', 'cannot answer', apiKey, serviceToken, PROVIDER_KEY, surface.surfaceToken, surface.telegram.token, 'nxs_no_such_key_0123456789']) expect(written(), secret).not.toContain(secret);
    expect(JSON.stringify(receiver.spans())).not.toMatch(/Zebedee|Well answered|6\*7|cannot answer/);
  }, 60_000);
});

function linesOf(text: string): Record<string, unknown>[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}
