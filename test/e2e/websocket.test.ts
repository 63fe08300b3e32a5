import { randomBytes } from 'node:crypto';
import { newId } from '@nexus/core';
import { waitFor } from '@nexus/testing';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { apiKey } from './nexus-apart.js';
import { startReplicatedNexus, type ReplicatedNexus } from './nexus-replicas.js';

const WORDS = Array.from({ length: 40 }, (_, i) => `word${i} `);
const TEXT = WORDS.join('');
const authorization = `Bearer ${apiKey}`;

let nexus: ReplicatedNexus;
beforeAll(async () => {
  nexus = await startReplicatedNexus({ NEXUS_MAX_QUEUE_MS: '60000' });
}, 120_000);
afterAll(() => nexus?.stop(), 60_000);

type Frame = Readonly<Record<string, unknown>>;

/** A page's way to a gateway: a ticket, then the WebSocket that every browser has. */
async function connect(url: string): Promise<{ readonly socket: WebSocket; readonly frames: Frame[]; of(type: string): readonly Frame[] }> {
  const { ticket } = (await (await fetch(`${url}/ws/tickets`, { method: 'POST', headers: { authorization } })).json()) as { ticket: string };
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`);
  const frames: Frame[] = [];
  socket.addEventListener('message', ({ data }) => frames.push(JSON.parse(String(data)) as Frame));
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  socket.send(JSON.stringify({ type: 'login', ticket }));
  const of = (type: string): readonly Frame[] => frames.filter((frame) => frame['type'] === type);
  await waitFor(() => of('welcome')[0], { what: 'the welcome' });
  return { socket, frames, of };
}

it('ADP-4 a message goes on at another gateway when its own is killed: each piece of text once, and one answer', async () => {
  nexus.provider.reply({ text: TEXT, chunks: WORDS, chunkDelayMs: 40 });
  const [first, second] = nexus.replicas.gateway;
  const id = newId();
  const before = await connect(first.url);
  const send = JSON.stringify({ type: 'send_message', id, request: { text: 'talk', surface: 'web', chatId: newId() } });
  before.socket.send(send);
  await waitFor(() => before.of('message_chunk').length >= 8, { timeoutMs: 15_000, what: 'some words' });
  await first.service.kill('SIGKILL');
  const seen = before.of('message_chunk');
  const after = await connect(second.url);
  after.socket.send(JSON.stringify({ type: 'subscribe', message_id: id, after: seen.at(-1)?.['id'] }));
  after.socket.send(send); // as a client does with what has no answer
  const complete = await waitFor(() => after.of('message_complete')[0], { timeoutMs: 15_000, what: 'the answer' });
  expect(complete).toMatchObject({ message_id: id, answer: { outcome: 'OUTCOME_ANSWERED', text: TEXT } });
  const chunks = [...seen, ...after.of('message_chunk')];
  expect(chunks.map(({ text }) => text).join('')).toBe(TEXT);
  expect(new Set(chunks.map((chunk) => chunk['id'])).size).toBe(chunks.length);
  expect([...after.of('message_reset'), ...after.of('error')]).toEqual([]);
  after.socket.close();
  await first.service.restart();
  await first.ready();
}, 60_000);

it('ADP-4 a picture goes from the gateway to the provider, and is neither on the bus nor stored with the run', async () => {
  nexus.provider.reply({ text: 'a cat' });
  const picture = Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), randomBytes(40_000)]);
  const put = await fetch(`${nexus.url}/files`, { method: 'POST', headers: { authorization, 'x-file-name': 'cat.png' }, body: picture });
  const { uri, media_type: mediaType } = (await put.json()) as { uri: string; media_type: string };
  expect([put.status, mediaType]).toEqual([201, 'image/png']);
  const page = await connect(nexus.url);
  const question = `what is on it, ${newId()}?`;
  page.socket.send(JSON.stringify({ type: 'send_message', id: newId(), request: { text: question, attachments: [{ uri }] } }));
  expect(await waitFor(() => page.of('message_complete')[0], { timeoutMs: 15_000, what: 'the answer' })).toMatchObject({ answer: { outcome: 'OUTCOME_ANSWERED', text: 'a cat' } });
  page.socket.close();
  const base64 = picture.toString('base64');
  expect(nexus.provider.requests.find(({ text }) => text.includes(question))?.text).toContain(base64);
  const marks = [picture.subarray(1_000, 1_060), Buffer.from(base64.slice(1_000, 1_060))];
  expect(await entriesWith(marks, Buffer.from(uri))).toEqual({ withAddress: true, withPicture: false });
  const database = new Client({ connectionString: nexus.databaseUrl });
  await database.connect();
  const { rows } = await database.query<{ runs: string }>('SELECT count(*) AS runs FROM orchestrator.run_event WHERE position($1::bytea IN payload) > 0 OR position($2::bytea IN payload) > 0', marks);
  await database.end();
  expect(rows).toEqual([{ runs: '0' }]);
}, 60_000);

it('ADP-4 a file of 20 MiB goes through the services and back, and none that is larger', async () => {
  const file = Buffer.alloc(20 * 1_048_576, randomBytes(1_021));
  const put = (body: Buffer): Promise<Response> => fetch(`${nexus.url}/files`, { method: 'POST', headers: { authorization }, body: new Uint8Array(body) });
  const { uri, bytes } = (await (await put(file)).json()) as { uri: string; bytes: number };
  expect(bytes).toBe(file.length);
  const got = await fetch(`${nexus.url}/files/${uri.slice('nexus:file/'.length)}`, { headers: { authorization } });
  expect(Buffer.from(await got.arrayBuffer()).equals(file)).toBe(true);
  expect((await put(Buffer.concat([file, Buffer.from('x')]))).status).toBe(413);
}, 60_000);

/** What any stream of the bus holds. */
async function entriesWith(pictures: readonly Buffer[], address: Buffer): Promise<{ readonly withAddress: boolean; readonly withPicture: boolean }> {
  const redis = new Redis(nexus.redisUrl);
  let [withAddress, withPicture] = [false, false];
  for (const key of await redis.keys('*')) {
    if ((await redis.type(key)) !== 'stream') continue;
    for (const [, fields] of await redis.xrangeBuffer(key, '-', '+')) {
      const entry = Buffer.concat(fields);
      withAddress ||= entry.includes(address);
      withPicture ||= pictures.some((picture) => entry.includes(picture));
    }
  }
  redis.disconnect();
  return { withAddress, withPicture };
}
