import { RunStatus } from '@nexus/contracts';
import { redisTest } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER } from './fake-orchestrator.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';
import { readEvents, take, type ReadEvent } from './sse-reader.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
let thread: string;
beforeAll(async () => {
  gateway = await startGateway(redis);
  thread = ((await (await gateway.call('/v1/threads', { body: {} })).json()) as { id: string }).id;
});
afterEach(() => {
  gateway.orchestrator.isHolding = false;
});
afterAll(() => gateway.stop());

interface RunBody {
  readonly id: string;
  readonly status: string;
  readonly answer: { readonly text: string } | null;
}
const start = (body: object, headers: Record<string, string> = {}): Promise<Response> => gateway.call(`/v1/threads/${thread}/runs`, { body, headers });
const runOf = async (response: Response): Promise<RunBody> => (await response.json()) as RunBody;
const textDelta = (value: string) => ({ case: 'textDelta' as const, value });

/** A run that stays open until it is finished by hand. */
async function heldRun(): Promise<string> {
  gateway.orchestrator.isHolding = true;
  return (await runOf(await start({ content: 'think hard' }))).id;
}

async function all(response: Response): Promise<ReadEvent[]> {
  const events: ReadEvent[] = [];
  for await (const event of readEvents(response)) events.push(event);
  return events;
}

describe('POST /v1/threads/{id}/runs', () => {
  it('answers once the start of the run is stored', async () => {
    const response = await start({ content: 'what is 17.5% of 1,280?', timezone: 'Asia/Tokyo', agent: 'default' });
    expect(response.status).toBe(202);
    const run = await runOf(response);
    expect(run).toMatchObject({ object: 'thread.run', thread_id: thread, agent: 'default' });
    expect(gateway.orchestrator.received.at(-1)?.payload).toMatchObject({ text: 'what is 17.5% of 1,280?', threadId: thread, timezone: 'Asia/Tokyo', surface: 'api' });
    await expect.poll(async () => (await runOf(await gateway.call(`/v1/runs/${run.id}`))).answer?.text).toBe(ANSWER);
  });

  it('gives the same run for the same Idempotency-Key', async () => {
    const [first, again] = [await start({ content: 'hi' }, { 'idempotency-key': 'run-once' }), await start({ content: 'hi' }, { 'idempotency-key': 'run-once' })];
    expect((await runOf(again)).id).toBe((await runOf(first)).id);
  });

  it('gives a refusal as an HTTP error, also to a stream', async () => {
    for (const stream of [false, true]) {
      const response = await start({ content: 'hi', agent: 'poor', stream });
      expect(response.status).toBe(429);
      expect(await response.json()).toMatchObject({ error: { code: 'budget_exceeded', type: 'insufficient_quota' } });
    }
  });

  it('streams the run as named events, and ends with its answer', async () => {
    const events = await all(await start({ content: 'hi', stream: true }));
    expect(events.map(({ event }) => event)).toEqual(['accepted', 'tool_started', 'tool_finished', 'text_delta', 'text_delta', 'text_delta', 'step_finished', 'answer']);
    expect(events.filter(({ event }) => event === 'text_delta').map(({ data }) => data['text']).join('')).toBe(ANSWER);
    expect(events.at(-1)?.data).toMatchObject({ outcome: 'answered', text: ANSWER, thread_id: thread, usage: { cost_micro_usd: 42, total_tokens: 36 } });
    expect(events.slice(0, -1).every(({ id }) => /^\d+-\d+$/.test(id ?? ''))).toBe(true);
  });

  it('goes on when its reader leaves', async () => {
    gateway.orchestrator.isHolding = true;
    const [accepted] = await take(await start({ content: 'hi', stream: true }), 1);
    const id = String(accepted?.data['run_id']);
    await gateway.orchestrator.finish(id);
    expect(await runOf(await gateway.call(`/v1/runs/${id}`))).toMatchObject({ status: 'succeeded', answer: { text: ANSWER } });
    expect(gateway.orchestrator.cancelled).toEqual([]);
  });
});

describe('GET .../runs/{run_id}', () => {
  it('shows the run by its thread and by itself, with its timeline when asked', async () => {
    const { id } = await runOf(await start({ content: 'hi' }));
    await expect.poll(async () => (await runOf(await gateway.call(`/v1/threads/${thread}/runs/${id}`))).status).toBe('succeeded');
    expect(await runOf(await gateway.call(`/v1/runs/${id}`))).not.toHaveProperty('events');
    expect(await runOf(await gateway.call(`/v1/runs/${id}?include=events`))).toMatchObject({ events: [{ kind: 'accepted', seq: 1 }] });
  });

  it('knows it in no other thread and for no other tenant', async () => {
    const { id } = await runOf(await start({ content: 'hi' }));
    for (const [path, key] of [[`/v1/threads/other/runs/${id}`, 'nx_a_user'], [`/v1/runs/${id}`, 'nx_b_user'], [`/v1/runs/${id}/stream`, 'nx_b_user'], ['/v1/runs/00000000-0000-7000-8000-000000000000/stream', 'nx_a_user']] as const) {
      const response = await gateway.call(path, { key });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: 'run_not_found' } });
    }
  });
});

describe('GET .../runs/{run_id}/stream', () => {
  it('tells a run under way from its beginning', async () => {
    const id = await heldRun();
    await gateway.orchestrator.tell(id, 0, 1, textDelta('It is'));
    const reading = all(await gateway.call(`/v1/runs/${id}/stream`));
    await gateway.orchestrator.tell(id, 1, 1, textDelta(' noon.'));
    await gateway.orchestrator.finish(id);
    const events = await reading;
    expect(events.map(({ event }) => event)).toEqual(['accepted', 'text_delta', 'text_delta', 'answer']);
    expect(events.at(-1)?.data).toMatchObject({ text: ANSWER });
  });

  it('goes on after the last event that its reader saw', async () => {
    const id = await heldRun();
    for (const [seq, text] of ['a', 'b', 'c'].entries()) await gateway.orchestrator.tell(id, seq, 1, textDelta(text));
    const seen = await take(await gateway.call(`/v1/threads/${thread}/runs/${id}/stream`), 2);
    expect(seen.map(({ event }) => event)).toEqual(['accepted', 'text_delta']);
    const resumed = await gateway.call(`/v1/threads/${thread}/runs/${id}/stream`, { headers: { 'last-event-id': seen[1]?.id ?? '' } });
    const rest = await take(resumed, 2);
    expect(rest.map(({ data }) => data['text'])).toEqual(['b', 'c']);
    await gateway.orchestrator.finish(id);
  });

  it('begins with the stored state when what its reader saw is no longer held', async () => {
    const id = await heldRun();
    for (const lastEventId of ['1-0', 'nonsense']) {
      const [reset] = await take(await gateway.call(`/v1/runs/${id}/stream`, { headers: { 'last-event-id': lastEventId } }), 1);
      expect(reset).toMatchObject({ event: 'reset', data: { run: { id, status: 'active', answer: null } } });
    }
    await gateway.orchestrator.finish(id);
  });

  it('gives state and answer of a run that is over', async () => {
    const id = await heldRun();
    await gateway.orchestrator.finish(id);
    const events = await all(await gateway.call(`/v1/runs/${id}/stream`));
    expect(events.map(({ event }) => event)).toEqual(['reset', 'answer']);
    expect(events[0]?.data).toMatchObject({ run: { status: 'succeeded', answer: { text: ANSWER } } });
  });

  it('says that what it told is void when another epoch takes the run over, and heeds the old one no more', async () => {
    const id = await heldRun();
    const response = await gateway.call(`/v1/runs/${id}/stream`);
    await gateway.orchestrator.tell(id, 0, 1, textDelta('old'), 1n);
    await gateway.orchestrator.tell(id, 0, 1, textDelta('new'), 2n);
    await gateway.orchestrator.tell(id, 1, 1, textDelta('zombie'), 1n);
    await gateway.orchestrator.tell(id, 1, 1, textDelta('er'), 2n);
    const events = await take(response, 5);
    expect(events.map(({ event, data }) => data['text'] ?? event)).toEqual(['accepted', 'old', 'reset', 'new', 'er']);
    await gateway.orchestrator.finish(id);
  });

  it('ends with an error event when the run failed', async () => {
    const id = await heldRun();
    const reading = all(await gateway.call(`/v1/runs/${id}/stream`));
    const run = gateway.runs.get(id);
    if (!run) throw new Error('the run is stored');
    run.status = RunStatus.FAILED;
    run.answer = { ...emptyAnswer(id), error: { $typeName: 'nexus.common.v1.Error', code: 'provider_error', message: 'Away.', status: 502, isRetryable: false, param: '', retryAfterMs: 0n } };
    expect((await reading).at(-1)).toMatchObject({ event: 'error', data: { run_id: id, error: { code: 'provider_error', type: 'server_error' } } });
  });

  it('is served by any replica', async () => {
    const other = await startGateway({ url: redis.url, prefix: `${redis.prefix}` });
    const id = await heldRun();
    const run = gateway.runs.get(id);
    if (run) other.runs.set(id, run);
    const reading = all(await other.call(`/v1/runs/${id}/stream`));
    await gateway.orchestrator.tell(id, 0, 1, textDelta('It is'));
    await gateway.orchestrator.finish(id);
    const events = await reading;
    expect(events.map(({ event }) => event)).toEqual(['accepted', 'text_delta', 'answer']);
    await other.stop();
  });
});

describe('POST .../runs/{run_id}/cancel', () => {
  it('cancels the run, whose readers hear of it', async () => {
    const id = await heldRun();
    const reading = all(await gateway.call(`/v1/runs/${id}/stream`));
    const response = await gateway.call(`/v1/threads/${thread}/runs/${id}/cancel`, { method: 'POST' });
    expect(response.status).toBe(200);
    expect(await runOf(response)).toMatchObject({ status: 'cancelled' });
    expect((await reading).at(-1)).toMatchObject({ event: 'answer', data: { outcome: 'cancelled' } });
  });

  it('knows no run of another tenant', async () => {
    const id = await heldRun();
    expect((await gateway.call(`/v1/runs/${id}/cancel`, { method: 'POST', key: 'nx_b_user' })).status).toBe(404);
    expect(gateway.runs.get(id)?.status).toBe(RunStatus.ACTIVE);
  });
});

function emptyAnswer(runId: string) {
  return {
    $typeName: 'nexus.run.v1.ProcessedRequest' as const, messageId: '', runId, threadId: '', outcome: 2, text: '', parts: [], files: [], choices: [], citations: [],
    usage: undefined, finishReason: 0, surface: '', chatId: '', topicId: '', replyToMessageId: '',
  };
}
