import { create } from '@bufbuild/protobuf';
import { SettingsChangedSchema, SettingsChanged_Kind } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { redisTest } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TENANT_A } from './fake-neighbours.js';
import { ANSWER } from './fake-orchestrator.js';
import { startGateway, type GatewayUnderTest } from './gateway-test.js';
import { SocketClient, refusedUpgrade, type Frame } from './socket-client.js';

const redis = redisTest();
let gateway: GatewayUnderTest;
let other: GatewayUnderTest;
let clients: SocketClient[] = [];
beforeAll(async () => {
  gateway = await startGateway(redis, { NEXUS_CORS_ORIGINS: 'https://chat.example.com' });
  other = await startGateway(redis, {}, gateway);
});
beforeEach(() => {
  gateway.orchestrator.isHolding = false;
});
afterEach(() => {
  for (const client of clients) client.end();
  clients = [];
});
afterAll(async () => {
  await other?.stop();
  await gateway?.stop();
});

async function connect(key = 'nx_a_user', at = gateway): Promise<SocketClient> {
  const client = await SocketClient.open(at.url, key);
  clients.push(client);
  return client;
}

function dial(key?: string, headers: Record<string, string> = {}): SocketClient {
  const client = new SocketClient(gateway.url, key, headers);
  clients.push(client);
  return client;
}

const textDelta = (value: string) => ({ case: 'textDelta' as const, value });
const ask = (client: SocketClient, id: string, request: object = { text: 'hi' }): void => client.say({ type: 'send_message', id, request });
const errorOf = (frame: Frame) => frame['error'] as { code: string; param: string | null; is_retryable: boolean; request_id: string };

async function held(client: SocketClient, id = newId(), request: object = { text: 'hi' }): Promise<{ readonly id: string; readonly runId: string }> {
  gateway.orchestrator.isHolding = true;
  ask(client, id, request);
  const { run_id: runId } = await client.next('agent_status');
  return { id, runId: String(runId) };
}

async function ticket(key = 'nx_a_user', at = gateway): Promise<string> {
  return ((await (await at.call('/ws/tickets', { method: 'POST', key })).json()) as { ticket: string }).ticket;
}

describe('the upgrade', () => {
  it('is refused where too many have not logged in, until some of them have gone', async () => {
    const strangers = Array.from({ length: 128 }, () => dial());
    await expect.poll(() => strangers.every(({ socket }) => socket.readyState === socket.OPEN)).toBe(true);
    expect(await refusedUpgrade(gateway.url, {})).toMatchObject({ status: 503, body: { error: { code: 'too_many_connections' } } });
    strangers[0]?.end();
    await expect.poll(async () => {
      const one = dial();
      await expect.poll(() => one.socket.readyState).not.toBe(one.socket.CONNECTING);
      return one.socket.readyState === one.socket.OPEN;
    }).toBe(true);
  });

  it('takes the key of a request, and welcomes its client', async () => {
    const client = await connect('nx_a_surface');
    expect(client.frames[0]).toEqual({ type: 'welcome', protocol: 1, heartbeat_ms: 15_000, surfaces: ['telegram'] });
  });

  it('is refused over HTTP: with a wrong key, at another path, for a page of another origin', async () => {
    expect(await refusedUpgrade(gateway.url, { authorization: 'Bearer nx_wrong', 'x-request-id': 'mine' })).toMatchObject({ status: 401, body: { error: { code: 'invalid_api_key' } }, requestId: 'mine' });
    expect(await refusedUpgrade(gateway.url, {}, '/v1/threads')).toMatchObject({ status: 400, body: { error: { code: 'upgrade_not_supported' } } });
    expect(await refusedUpgrade(gateway.url, {}, '/nowhere')).toMatchObject({ status: 404, body: { error: { code: 'not_found' } } });
    expect(await refusedUpgrade(gateway.url, { origin: 'https://evil.example.com', authorization: 'Bearer nx_a_user' })).toMatchObject({ status: 403, body: { error: { code: 'origin_not_allowed' } } });
  });

  it('lets pages of named origins in', async () => {
    await dial('nx_a_user', { origin: 'https://chat.example.com' }).next('welcome');
  });

  it('is told of to whoever asks there otherwise', async () => {
    const response = await gateway.call('/ws', { key: 'nx_a_surface' });
    expect(response.status).toBe(426);
    expect(await response.json()).toMatchObject({ error: { code: 'upgrade_required' } });
  });
});

describe('a login with a ticket', () => {
  it('stands for the key that asked for it, at any replica', async () => {
    const client = new SocketClient(other.url);
    clients.push(client);
    await expect.poll(() => client.socket.readyState).toBe(client.socket.OPEN);
    client.say({ type: 'login', ticket: await ticket('nx_a_surface') });
    expect(await client.next('welcome')).toMatchObject({ surfaces: ['telegram'] });
  });

  it('works once at a replica', async () => {
    const once = await ticket();
    const [first, second] = [dial(), dial()];
    await expect.poll(() => [first.socket.readyState, second.socket.readyState]).toEqual([1, 1]);
    first.say({ type: 'login', ticket: once });
    await first.next('welcome');
    second.say({ type: 'login', ticket: once });
    expect(errorOf(await second.next('error'))).toMatchObject({ code: 'invalid_ticket', status: 401 });
    await expect.poll(() => second.closed?.code).toBe(4401);
  });

  it('has to come first', async () => {
    const client = dial();
    await expect.poll(() => client.socket.readyState).toBe(1);
    ask(client, newId());
    expect(errorOf(await client.next('error'))).toMatchObject({ code: 'login_required' });
    await expect.poll(() => client.closed?.code).toBe(4401);
  });

  it('is not asked for twice', async () => {
    const client = await connect();
    client.say({ type: 'login', ticket: await ticket() });
    expect(errorOf(await client.next('error'))).toMatchObject({ code: 'invalid_frame', param: 'type' });
    expect(client.closed).toBeUndefined();
  });
});

describe('send_message', () => {
  it('is answered with live parts and one answer', async () => {
    const client = await connect();
    const id = newId();
    ask(client, id, { text: 'what?' });
    const complete = await client.next('message_complete');
    expect(complete).toMatchObject({ message_id: id, answer: { messageId: id, outcome: 'OUTCOME_ANSWERED', text: ANSWER } });
    const told = client.frames.filter(({ type }) => type === 'agent_status' || type === 'message_chunk');
    expect(told.map(({ state, text }) => state ?? text)).toEqual(['accepted', 'tool_started', 'tool_finished', 'It is 224,', ' and noon', ' in Tokyo.', 'step']);
    expect(told.every((frame) => frame['message_id'] === id && frame['run_id'] === complete['run_id'] && /^\d+-\d+$/.test(String(frame['id'])))).toBe(true);
    expect(gateway.orchestrator.received.find((message) => message.id === id)?.payload).toMatchObject({ surface: 'api', text: 'what?' });
  });

  it('tells a refusal as the answer that it is', async () => {
    const client = await connect();
    ask(client, newId(), { text: 'hi', agent: 'poor' });
    expect(await client.next('message_complete')).toMatchObject({ run_id: '', answer: { outcome: 'OUTCOME_REFUSED', error: { code: 'budget_exceeded' } } });
  });

  it('gives the same answer to the same id again, at another replica too', async () => {
    const id = newId();
    for (const at of [gateway, gateway, other]) {
      const client = await connect('nx_a_user', at);
      ask(client, id);
      expect(await client.next('message_complete')).toMatchObject({ answer: { messageId: id, text: ANSWER } });
    }
  });

  it('is taken from a surface key for its surfaces alone, and says so to those who check people', async () => {
    const client = await connect('nx_a_surface');
    const [own, foreign] = [newId(), newId()];
    ask(client, foreign, { text: 'hi', surface: 'discord' });
    const refusal = await client.next('error');
    expect(refusal['message_id']).toBe(foreign);
    expect(errorOf(refusal)).toMatchObject({ code: 'permission_denied', param: 'surface' });
    ask(client, newId(), { text: 'hi' });
    expect(errorOf(await client.next('error'))).toMatchObject({ code: 'permission_denied' });
    ask(client, own, { text: 'hi', surface: 'telegram', chatId: '7' });
    await client.next('message_complete');
    expect(gateway.orchestrator.ofSurfaces).toContain(own);
    expect(gateway.orchestrator.received.map(({ id }) => id)).not.toContain(foreign);
  });

  it('gives a surface key no answer to a message of another surface', async () => {
    const api = await connect();
    const id = newId();
    ask(api, id);
    await api.next('message_complete');
    const client = await connect('nx_a_surface');
    ask(client, id, { text: 'hi', surface: 'telegram' });
    expect(errorOf(await client.next('error'))).toMatchObject({ code: 'permission_denied', param: 'id' });
  });

  it('refuses what is no request, and more than may be open', async () => {
    const client = await connect();
    ask(client, 'm-1', { text: 7 });
    expect(await client.next('error')).toMatchObject({ message_id: 'm-1', error: { code: 'invalid_request', param: 'request' } });
    gateway.orchestrator.isHolding = true;
    const ids = Array.from({ length: 65 }, () => newId());
    for (const id of ids) ask(client, id);
    expect(await client.next('error')).toMatchObject({ message_id: ids[64], error: { code: 'too_many_requests', status: 429, is_retryable: true, retry_after_ms: 1_000 } });
    for (const id of ids) client.say({ type: 'unsubscribe', message_id: id });
    gateway.orchestrator.isHolding = false;
    ask(client, newId());
    await client.next('message_complete');
  });
});

describe('subscribe', () => {
  it('goes on after what was seen, at another replica, and ends with the answer', async () => {
    const first = await connect();
    const { id, runId } = await held(first);
    await gateway.orchestrator.tell(runId, 0, 1, textDelta('It'));
    await gateway.orchestrator.tell(runId, 1, 1, textDelta(' is'));
    const seen = await first.next('message_chunk');
    expect(seen['text']).toBe('It');
    first.end();
    const second = await connect('nx_a_user', other);
    second.say({ type: 'subscribe', message_id: id, after: seen['id'] });
    expect(await second.next('message_chunk')).toMatchObject({ text: ' is', message_id: id });
    await gateway.orchestrator.tell(runId, 2, 1, textDelta(' noon.'));
    expect(await second.next('message_chunk')).toMatchObject({ text: ' noon.' });
    await gateway.orchestrator.finish(runId);
    expect(await second.next('message_complete')).toMatchObject({ message_id: id, run_id: runId, answer: { text: ANSWER } });
    expect(second.of('message_reset')).toEqual([]);
  });

  it('begins anew when what was seen is no longer held', async () => {
    const client = await connect();
    const { runId } = await held(client);
    await gateway.orchestrator.tell(runId, 0, 1, textDelta('It'));
    const late = await connect();
    late.say({ type: 'subscribe', run_id: runId, after: '1-0' });
    await late.next('message_reset');
    expect(await late.next('message_chunk')).toMatchObject({ text: 'It' });
    await gateway.orchestrator.finish(runId);
    await late.next('message_complete');
  });

  it('takes the place of the message that was sent on the same connection', async () => {
    const client = await connect();
    const { id, runId } = await held(client);
    await gateway.orchestrator.tell(runId, 0, 1, textDelta('It'));
    const { id: after } = await client.next('message_chunk');
    client.say({ type: 'subscribe', message_id: id, after });
    client.say({ type: 'ping', id: 'taken' });
    await gateway.orchestrator.tell(runId, 1, 1, textDelta(' is'));
    await client.next('message_chunk');
    await gateway.orchestrator.finish(runId);
    await client.next('message_complete');
    expect(client.of('message_chunk').map(({ text }) => text)).toEqual(['It', ' is']);
    expect(client.of('message_complete')).toHaveLength(1);
  });

  it('says that text is void when the model is asked anew', async () => {
    const client = await connect();
    const { runId } = await held(client);
    await gateway.orchestrator.tell(runId, 0, 1, textDelta('old'), 1n);
    await gateway.orchestrator.tell(runId, 0, 1, textDelta('new'), 2n);
    expect(await client.next('message_reset')).toMatchObject({ run_id: runId, epoch: 2 });
    expect(await client.next('message_chunk')).toMatchObject({ text: 'new', epoch: 2 });
    await gateway.orchestrator.finish(runId);
    await client.next('message_complete');
  });

  it('shows a surface key the runs of its own messages alone', async () => {
    const api = await connect();
    const { id } = await held(api);
    const client = await connect('nx_a_surface');
    client.say({ type: 'subscribe', message_id: id });
    expect(await client.next('error')).toMatchObject({ message_id: id, error: { code: 'run_not_found', status: 404 } });
    client.say({ type: 'cancel', message_id: id });
    expect(await client.next('error')).toMatchObject({ message_id: id, error: { code: 'run_not_found' } });
    const own = await held(client, newId(), { text: 'hi', surface: 'telegram' });
    client.say({ type: 'subscribe', run_id: own.runId });
    await gateway.orchestrator.finish(own.runId);
    expect(await client.next('message_complete')).toMatchObject({ message_id: own.id });
  });

  it('knows no run of another tenant, and none that is not there', async () => {
    const client = await connect('nx_b_user');
    const { runId } = await held(await connect());
    for (const id of [runId, newId(), 'no uuid']) {
      client.say({ type: 'subscribe', run_id: id });
      expect(await client.next('error')).toMatchObject({ run_id: id, error: { code: 'run_not_found', status: 404 } });
    }
  });

  it('tells of a queued task whenever it has changed, until it is over', async () => {
    const client = await connect();
    const added = (await (await gateway.call('/queue', { body: { task: 'count' } })).json()) as { id: string };
    client.say({ type: 'subscribe', task_id: added.id });
    expect(await client.next('task_update')).toMatchObject({ task: { id: added.id, object: 'task', state: 'queued', position: 1 } });
    await gateway.call(`/queue/${added.id}`, { method: 'DELETE' });
    expect(await client.next('task_update')).toMatchObject({ task: { state: 'cancelled' } });
    client.say({ type: 'subscribe', task_id: 'none' });
    expect(await client.next('error')).toMatchObject({ task_id: 'none', error: { code: 'task_not_found' } });
    const surface = await connect('nx_a_surface');
    surface.say({ type: 'subscribe', task_id: added.id });
    expect(await surface.next('error')).toMatchObject({ error: { code: 'permission_denied' } });
  });
});

describe('cancel', () => {
  it('stops a run, whose answer says so', async () => {
    const client = await connect();
    const { id, runId } = await held(client);
    client.say({ type: 'cancel', message_id: id });
    expect(await client.next('message_complete', 10_000)).toMatchObject({ message_id: id, answer: { outcome: 'OUTCOME_CANCELLED' } });
    expect(gateway.cancelled).toContain(runId);
  });

  it('knows no message that nobody sent', async () => {
    const client = await connect();
    client.say({ type: 'cancel', message_id: 'nobody' });
    expect(await client.next('error')).toMatchObject({ message_id: 'nobody', error: { code: 'run_not_found' } });
  });
});

describe('a connection', () => {
  it('answers pings, and says what is wrong with a frame', async () => {
    const client = await connect();
    client.say({ type: 'ping', id: '7' });
    expect(await client.next('pong')).toEqual({ type: 'pong', id: '7' });
    client.say('{"type":"send_message","id":"m","requst":{}}');
    const frame = await client.next('error');
    expect(frame).toMatchObject({ message_id: 'm', error: { code: 'invalid_frame', status: 400 } });
    expect(errorOf(frame).request_id).not.toBe('');
  });

  it('is closed after many frames that are none, a binary one, or one that is too large', async () => {
    const [bad, binary, large] = [await connect(), await connect(), await connect()];
    for (let i = 0; i < 16; i++) bad.say('no JSON');
    binary.socket.send(Buffer.from([1, 2, 3]));
    large.say({ type: 'ping', id: 'x'.repeat(1_048_577) });
    await expect.poll(() => [bad.closed?.code, binary.closed?.code, large.closed?.code]).toEqual([1008, 1003, 1009]);
    expect(bad.of('error')).toHaveLength(16);
  });

  it('ends when its key is revoked', async () => {
    gateway.keys.set('nx_a_short', { tenantId: TENANT_A, key: { ...gateway.keys.get('nx_a_user')?.key, id: 'key-short' } });
    const client = await connect('nx_a_short');
    gateway.keys.delete('nx_a_short');
    await gateway.bus.publish({ channel: 'settings.changed', id: newId(), tenantId: TENANT_A, payload: create(SettingsChangedSchema, { tenantId: TENANT_A, kind: SettingsChanged_Kind.KEY }) });
    await expect.poll(() => {
      client.say({ type: 'cancel', message_id: 'x' });
      return client.closed?.code;
    }).toBe(4403);
  });

  it('is measured', async () => {
    const client = await connect();
    client.say({ type: 'ping' });
    await client.next('pong');
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toMatch(/^nexus_websocket_connections [1-9]/m);
    expect(text).toMatch(/^nexus_websocket_frames_total\{direction="in",type="ping"\} [1-9]/m);
    expect(text).toMatch(/^nexus_websocket_closes_total\{code="4401"\} [1-9]/m);
  });
});

describe('a client that reads too slowly', () => {
  it('is closed, and asks again elsewhere', async () => {
    const slow = await connect();
    const { id, runId } = await held(slow);
    slow.socket.pause();
    const piece = 'x'.repeat(512 * 1_024);
    for (let seq = 0; seq < 48; seq++) await gateway.orchestrator.tell(runId, seq, 1, textDelta(piece));
    const quick = await connect();
    await expect.poll(async () => (await fetch(`${gateway.url}/metrics`)).text(), { timeout: 15_000 }).toContain('nexus_websocket_closes_total{code="1013"} 1');
    slow.socket.resume();
    await expect.poll(() => slow.closed).toBeDefined();
    quick.say({ type: 'subscribe', message_id: id });
    await gateway.orchestrator.finish(runId);
    expect(await quick.next('message_complete', 10_000)).toMatchObject({ message_id: id });
  }, 40_000);
});

describe('a replica that stops', () => {
  it('sends its clients on with 1012, at once, and lets nobody in', async () => {
    const leaving = await startGateway(redis, {}, gateway);
    const client = await connect('nx_a_user', leaving);
    const { id, runId } = await held(client);
    const began = performance.now();
    const stopped = leaving.end(10_000, 2_000);
    await expect.poll(() => client.closed?.code).toBe(1012);
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(await refusedUpgrade(leaving.url, { authorization: 'Bearer nx_a_user' })).toMatchObject({ status: 503, body: { error: { code: 'stopping' } } });
    const next = await connect('nx_a_user', other);
    next.say({ type: 'send_message', id, request: { text: 'hi' } });
    await gateway.orchestrator.finish(runId);
    expect(await next.next('message_complete', 10_000)).toMatchObject({ message_id: id });
    await stopped;
    await leaving.stop();
  });
});
