import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { waitFor } from '../wait-for.js';
import { startFakeDiscord, type FakeDiscord } from './fake-discord.js';

let discord: FakeDiscord;
const sockets: WebSocket[] = [];
beforeEach(async () => {
  discord = await startFakeDiscord({ requestsPerWindow: 20, windowMs: 60_000 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await discord.close();
});

/** Whatever of it there is. */
interface Body {
  readonly id: string;
  readonly token: string;
  readonly content: string;
  readonly session_id: string;
  readonly heartbeat_interval: number;
  readonly attachments: readonly { readonly id: string; readonly url: string }[];
}

async function rest(method: string, path: string, body?: unknown, headers: Record<string, string> = { authorization: `Bot ${discord.token}` }): Promise<{ status: number; body: Body; headers: Headers }> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${discord.restUrl}/v10${path}`, { method, headers: { ...headers, ...(!isForm && body !== undefined && { 'content-type': 'application/json' }) }, body: body === undefined || isForm ? body : JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, body: JSON.parse(text || '{}') as Body, headers: response.headers };
}

interface Event {
  readonly op: number;
  readonly s: number | null;
  readonly t: string | null;
  readonly d: Body;
}

async function gateway(hello: object): Promise<{ readonly events: Event[]; readonly socket: WebSocket; readonly closed: Promise<number> }> {
  const socket = new WebSocket(`${discord.gatewayUrl}?v=10&encoding=json`);
  sockets.push(socket);
  const events: Event[] = [];
  socket.on('message', (bytes: Buffer) => events.push(JSON.parse(bytes.toString()) as Event));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await waitFor(() => events.length > 0);
  expect(events[0]).toMatchObject({ op: 10, d: { heartbeat_interval: 41_250 } });
  socket.send(JSON.stringify(hello));
  return { events, socket, closed };
}

const identify = (intents: number) => ({ op: 2, d: { token: discord.token, intents, properties: {} } });

it('lets in who has the token, and knows what there is', async () => {
  expect((await rest('GET', '/users/@me', undefined, {})).status).toBe(401);
  expect((await rest('GET', '/users/@me')).body).toMatchObject({ id: discord.applicationId, bot: true });
  expect(await rest('GET', '/channels/1')).toMatchObject({ status: 404, body: { code: 10_003 } });
  expect((await rest('GET', '/nothing')).status).toBe(404);
  const { closed } = await gateway({ op: 2, d: { token: 'x', intents: 0, properties: {} } });
  expect(await closed).toBe(4004);
});

it('refuses what is too long, empty or of somebody else, as Discord words it', async () => {
  const channel = discord.channel('general');
  const path = `/channels/${channel}/messages`;
  expect(await rest('POST', path, { content: 'x'.repeat(2_001) })).toMatchObject({ status: 400, body: { code: 50_035, errors: { content: { _errors: [{ code: 'BASE_TYPE_MAX_LENGTH' }] } } } });
  expect(await rest('POST', path, { content: ' ' })).toMatchObject({ status: 400, body: { code: 50_006 } });
  expect(await rest('POST', path, { content: 'x', nonce: 'n'.repeat(26) })).toMatchObject({ status: 400, body: { code: 50_035 } });
  const theirs = discord.say(channel, discord.user('Anna'), 'mine');
  expect(await rest('PATCH', `${path}/${theirs}`, { content: 'yours' })).toMatchObject({ status: 403, body: { code: 50_005 } });
  expect(discord.answers(channel)).toEqual([]);
});

it('writes once under an enforced nonce, and as often as it is asked under one that is not', async () => {
  const channel = discord.channel('general');
  const post = (body: object) => rest('POST', `/channels/${channel}/messages`, { content: 'x', nonce: 'n', ...body });
  const { body: first } = await post({ enforce_nonce: true });
  expect((await post({ enforce_nonce: true, content: 'another' })).body).toMatchObject({ id: first.id, content: 'x' });
  await post({});
  expect(discord.answers(channel)).toHaveLength(2);
});

it('takes files, keeps those that are named, and gives their content', async () => {
  const channel = discord.channel('general');
  const form = new FormData();
  form.set('payload_json', JSON.stringify({ content: 'see', attachments: [{ id: 0, filename: 'a.txt' }] }));
  form.set('files[0]', new Blob(['hello'], { type: 'text/plain' }), 'a.txt');
  const { body } = await rest('POST', `/channels/${channel}/messages`, form);
  expect(body.attachments).toMatchObject([{ filename: 'a.txt', size: 5 }]);
  expect(await (await fetch(body.attachments[0]?.url ?? '')).text()).toBe('hello');
  const edited = await rest('PATCH', `/channels/${channel}/messages/${body.id}`, { content: 'see', attachments: [{ id: body.attachments[0]?.id }] });
  expect(edited.body.attachments).toHaveLength(1);
  expect((await rest('PATCH', `/channels/${channel}/messages/${body.id}`, { content: 'see', attachments: [] })).body.attachments).toEqual([]);
});

it('counts requests by route and channel, and says when there were too many', async () => {
  const [one, two] = [discord.channel('one'), discord.channel('two')];
  for (let i = 0; i < 20; i++) expect((await rest('POST', `/channels/${one}/typing`)).headers.get('x-ratelimit-remaining')).toBe(String(19 - i));
  const refused = await rest('POST', `/channels/${one}/typing`);
  expect(refused).toMatchObject({ status: 429, body: { global: false } });
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await rest('POST', `/channels/${two}/typing`)).status).toBe(204);
  discord.limit({ retryAfterMs: 2_000, isGlobal: true });
  const global = await rest('POST', `/channels/${two}/typing`);
  expect(global).toMatchObject({ status: 429, body: { global: true, retry_after: 2 } });
  expect(global.headers.get('x-ratelimit-global')).toBe('true');
});

it('tells everything to who identifies, and what was missed to who resumes', async () => {
  const channel = discord.channel('general');
  const anna = discord.user('Anna');
  const first = await gateway(identify(1 | (1 << 9) | (1 << 15)));
  await waitFor(() => first.events.length === 3);
  expect(first.events.slice(1).map(({ t, s }) => [t, s])).toEqual([['READY', 1], ['GUILD_CREATE', 2]]);
  discord.say(channel, anna, 'one');
  await waitFor(() => first.events.length === 4);
  first.socket.terminate();
  await waitFor(() => discord.gateway.connections === 0);
  discord.say(channel, anna, 'two');
  const again = await gateway({ op: 6, d: { token: discord.token, session_id: first.events[1]?.d.session_id, seq: 2 } });
  await waitFor(() => again.events.length === 4);
  expect(again.events.slice(1).map(({ t, d }) => [t, d.content])).toEqual([['MESSAGE_CREATE', 'one'], ['MESSAGE_CREATE', 'two'], ['RESUMED', undefined]]);
  again.socket.close(1000);
  await waitFor(() => discord.gateway.connections === 0);
  const late = await gateway({ op: 6, d: { token: discord.token, session_id: first.events[1]?.d.session_id, seq: 2 } });
  await waitFor(() => late.events.length === 2);
  expect(late.events[1]).toMatchObject({ op: 9, d: false });
});

it('shows without the privileged intent only what is said to the bot', async () => {
  const channel = discord.channel('general');
  const anna = discord.user('Anna');
  const direct = discord.direct(anna);
  const { events } = await gateway(identify(1 | (1 << 9) | (1 << 12)));
  await waitFor(() => events.length === 3);
  discord.say(channel, anna, 'among us');
  discord.say(channel, anna, 'to you', { mentions: true });
  discord.say(direct, anna, 'to you too');
  await waitFor(() => events.length === 6);
  expect(events.slice(3).map(({ d }) => d.content)).toEqual(['', `<@${discord.applicationId}> to you`, 'to you too']);
});

it('takes one first answer to a command, and edits of it after that', async () => {
  const anna = discord.user('Anna');
  const direct = discord.direct(anna);
  await rest('PUT', `/applications/${discord.applicationId}/commands`, [{ name: 'cost', description: 'costs' }]);
  const { events } = await gateway(identify(1));
  await waitFor(() => events.length === 3);
  await discord.command(direct, anna, 'cost');
  await waitFor(() => events.length === 4);
  const { id, token } = events[3]?.d ?? { id: '', token: '' };
  const original = `/webhooks/${discord.applicationId}/${token}/messages/@original`;
  expect(await rest('PATCH', original, { content: 'early' })).toMatchObject({ status: 404, body: { code: 10_015 } });
  expect((await rest('POST', `/interactions/${id}/${token}/callback`, { type: 5 })).status).toBe(204);
  expect(await rest('POST', `/interactions/${id}/${token}/callback`, { type: 5 })).toMatchObject({ status: 400, body: { code: 40_060 } });
  expect(discord.answers(direct)).toMatchObject([{ isLoading: true }]);
  expect((await rest('PATCH', original, { content: 'done' }, {})).status).toBe(200);
  expect(discord.answers(direct)).toMatchObject([{ isLoading: false, content: 'done' }]);
});
