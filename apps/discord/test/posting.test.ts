import { plain } from '@nexus/adapter-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { piece, startSurfaceTest, type SurfaceTest } from './surface-test.js';

let test: SurfaceTest;
beforeEach(async () => {
  test = await startSurfaceTest();
});
afterEach(() => test.stop());

const place = (): { readonly chatId: string; readonly topicId: string } => ({ chatId: test.general, topicId: '' });
const contents = (channel = test.general): string[] => test.discord.answers(channel).map(({ content }) => content);

it('posts, edits and removes, answers the message that it is told, and pings nobody', async () => {
  const { discord, anna, general } = test;
  const surface = await test.connected();
  const question = discord.say(general, anna, 'hello', { mentions: true });
  const id = await surface.post(place(), piece(`@everyone <@${anna.id}>`), { nonce: 'a', replyToMessageId: `${question}.1700000000000` });
  expect(discord.answers(general)).toMatchObject([{ id, replyTo: question, pings: [], pingsEveryone: false, nonce: 'a' }]);
  await surface.edit(place(), id, piece('hello *you* <@1> @here'));
  await surface.edit(place(), id, piece('hello *you* <@1> @here'));
  expect(discord.answers(general)).toMatchObject([{ id, pings: [], pingsEveryone: false, content: String.raw`hello \*you\* \<@1\> @here` }]);
  await surface.remove(place(), id);
  await surface.remove(place(), id);
  expect(discord.answers(general)).toEqual([]);
});

it('posts in a thread, and to a message that is gone without its reference', async () => {
  const thread = test.discord.thread(test.general, 'thread');
  const surface = await test.connected();
  await surface.post({ chatId: test.general, topicId: thread }, piece('here'), { nonce: 'a', replyToMessageId: '111111111111111111' });
  expect(contents(thread)).toEqual(['here']);
});

it('posts once however often it is asked under one nonce, also when the line broke after the first', async () => {
  const surface = await test.connected();
  test.discord.fail({ route: /^POST \/channels\/\d+\/messages$/, status: 0 });
  await expect(surface.post(place(), piece('once'), { nonce: 'n' })).rejects.toMatchObject({ code: 'surface_unavailable', isRetryable: true });
  const id = await surface.post(place(), piece('once'), { nonce: 'n' });
  expect(await surface.post(place(), piece('once'), { nonce: 'n' })).toBe(id);
  expect(contents()).toEqual(['once']);
});

it.each([
  ['of a route', false],
  ['of everything', true],
])('waits when Discord says that there were too many requests (%s)', async (_name, isGlobal) => {
  const limited: number[] = [];
  const surface = await test.connected({ observer: { onLimited: (_route, forMs) => void limited.push(forMs) } });
  test.discord.limit({ route: /messages$/, retryAfterMs: 1_000, isGlobal });
  const began = performance.now();
  await surface.post(place(), piece('late'), { nonce: 'n' });
  expect(performance.now() - began).toBeGreaterThan(990);
  expect(contents()).toEqual(['late']);
});

it('gives the kinds of failure that a surface has', async () => {
  const { discord, general } = test;
  const surface = await test.connected();
  const other = discord.say(general, test.anna, 'of Anna');
  await expect(surface.edit(place(), '111111111111111111', piece('x'))).rejects.toMatchObject({ code: 'surface_gone', isRetryable: false });
  await expect(surface.edit(place(), other, piece('x'))).rejects.toMatchObject({ code: 'surface_refused' });
  await expect(surface.post({ chatId: '111111111111111111', topicId: '' }, piece('x'), { nonce: 'n' })).rejects.toMatchObject({ code: 'surface_gone' });
  discord.fail({ route: /^POST \/channels\/\d+\/messages$/, status: 503, times: 4 });
  await expect(surface.post(place(), piece('x'), { nonce: 'n' })).rejects.toMatchObject({ code: 'surface_unavailable', isRetryable: true });
  discord.fail({ route: /^POST \/channels\/\d+\/messages$/, status: 502, times: 2 });
  await surface.post(place(), piece('in spite of it'), { nonce: 'n' });
  const channel = discord.world.channels.get(general);
  if (channel) channel.isLocked = true;
  await expect(surface.post(place(), piece('x'), { nonce: 'm' })).rejects.toMatchObject({ code: 'surface_gone' });
  expect(contents()).toEqual(['in spite of it']);
});

it('shows styles, and never more than Discord takes', async () => {
  const surface = await test.connected();
  const { lengthOf, maxTextLength } = surface.capabilities();
  await surface.post(place(), { content: { text: 'bold and code', spans: [{ kind: 'bold', offset: 0, length: 4 }, { kind: 'code', offset: 9, length: 4 }] } }, { nonce: 'a' });
  expect(contents()).toEqual(['**bold** and `code`']);
  expect(lengthOf?.(plain('*'.repeat(10)))).toBe(20);
  await surface.notify(place(), plain('*_~ '.repeat(1_000)));
  expect(contents().slice(1).every((content) => content.length <= maxTextLength)).toBe(true);
  expect(contents().slice(1).join(' ').replaceAll('\\', '')).toBe('*_~ '.repeat(1_000).trim());
});

it('sends files, puts one into a message that had none, and takes it away again', async () => {
  const { discord, general } = test;
  const surface = await test.connected();
  const file = { name: 'plot.png', mediaType: 'image/png', content: Buffer.from('picture') };
  const id = await surface.post(place(), { content: plain('…') }, { nonce: 'a' });
  await surface.edit(place(), id, { content: plain(''), file });
  await surface.edit(place(), id, { content: plain(''), file });
  expect(discord.answers(general)).toMatchObject([{ content: '', attachments: [{ filename: 'plot.png', contentType: 'image/png' }] }]);
  expect(Buffer.from(discord.answers(general)[0]?.attachments[0]?.content ?? []).toString()).toBe('picture');
  await surface.edit(place(), id, piece('without'));
  expect(discord.answers(general)).toMatchObject([{ content: 'without', attachments: [] }]);
});

it('types, and tells of a place', async () => {
  const { discord, general, direct } = test;
  const thread = discord.thread(general, 'about rain');
  const surface = await test.connected();
  await surface.typing({ chatId: general, topicId: thread });
  expect(discord.world.typing).toEqual([thread]);
  expect(await surface.context({ chatId: general, topicId: thread })).toEqual({ title: 'Guild / about rain', isGroup: true, memberCount: 3 });
  expect(await surface.context({ chatId: direct, topicId: '' })).toMatchObject({ isGroup: false });
});
