import { afterEach, beforeEach, expect, it } from 'vitest';
import { startSurfaceTest, type SurfaceTest } from './surface-test.js';

let test: SurfaceTest;
beforeEach(async () => {
  test = await startSurfaceTest();
});
afterEach(() => test.stop());

/** By then everything that was said before has been heard. */
async function heardUpTo(text: string): Promise<string[]> {
  test.discord.say(test.direct, test.anna, text);
  await expect.poll(test.texts).toContain(text);
  return test.texts();
}

it('hears direct messages, mentions, mentions of its role and replies to it, and no other talk', async () => {
  const { discord, anna, general, direct } = test;
  const surface = await test.connected({ readsAllMessages: true });
  const ours = await surface.post({ chatId: general, topicId: '' }, { content: { text: 'hello', spans: [] } }, { nonce: 'n1' });
  discord.say(general, anna, 'among ourselves');
  discord.say(general, anna, 'what is 2 + 3?', { mentions: true });
  discord.say(general, anna, `<@&${discord.world.botRoleId}> by role`);
  discord.say(general, anna, 'a reply', { replyTo: ours });
  discord.say(general, discord.world.bot, `<@${discord.world.bot.id}> to myself`);
  await expect.poll(test.texts).toEqual(['what is 2 + 3?', 'by role', 'a reply']);
  expect(await heardUpTo('direct')).toHaveLength(4);
  expect(test.heard[0]).toMatchObject({ place: { chatId: general, topicId: '' }, isGroup: true, sender: { id: anna.id, name: 'Anna' }, files: [], locale: 'en-US' });
  expect(test.heard[2]).toMatchObject({ replyToMessageId: ours });
  expect(test.heard[3]).toMatchObject({ place: { chatId: direct, topicId: '' }, isGroup: false });
});

it('hears nothing of what Discord does not show it without the privileged intent', async () => {
  const { discord, anna, general } = test;
  await test.connected();
  discord.say(general, anna, `<@&${discord.world.botRoleId}> by role`);
  discord.say(general, anna, 'among ourselves');
  expect(await heardUpTo('direct')).toEqual(['direct']);
  expect(test.problems).toEqual([]);
});

it('hears a thread as a topic of its channel, and in its own thread without a mention where it may read all', async () => {
  const { discord, anna, general } = test;
  const [foreign, own] = [discord.thread(general, 'of Anna', anna), discord.thread(general, 'of the bot')];
  await test.connected({ readsAllMessages: true });
  discord.say(foreign, anna, 'among ourselves');
  discord.say(foreign, anna, 'in a thread', { mentions: true });
  await expect.poll(test.texts).toEqual(['in a thread']);
  discord.say(own, anna, 'to the bot');
  await expect.poll(test.texts).toEqual(['in a thread', 'to the bot']);
  expect(test.heard.map(({ place }) => place)).toEqual([foreign, own].map((topicId) => ({ chatId: general, topicId })));
});

it('opens a thread on a mention where it is told to, once, and goes on in it', async () => {
  const { discord, anna, general } = test;
  await test.connected({ opensThreads: true });
  const id = discord.say(general, anna, 'a long story', { mentions: true });
  await expect.poll(test.texts).toEqual(['a long story']);
  expect(test.heard[0]?.place).toEqual({ chatId: general, topicId: id });
  expect(discord.world.channels.get(id)).toMatchObject({ name: 'a long story', parentId: general });
  discord.edit(general, id, `<@${discord.world.bot.id}> a short story`);
  await expect.poll(test.texts).toEqual(['a long story', 'a short story']);
  expect(test.heard[1]?.place).toEqual({ chatId: general, topicId: id });
});

it('hears an edit as a message of its own that replaces the earlier one, and a mention without a word as a cry for help', async () => {
  const { discord, anna, direct, general } = test;
  await test.connected();
  const id = discord.say(direct, anna, 'wat is 2 + 3?');
  await expect.poll(test.texts).toHaveLength(1);
  discord.edit(direct, id, 'what is 2 + 3?');
  await expect.poll(test.texts).toEqual(['wat is 2 + 3?', 'what is 2 + 3?']);
  expect(test.heard[1]).toMatchObject({ editsMessageId: id });
  expect(test.heard[1]?.id).not.toBe(id);
  discord.say(general, anna, '', { mentions: true });
  await expect.poll(test.texts).toContain('/help');
});

it('hands on the files of a message, and refuses one that is too large', async () => {
  const { discord, anna, direct } = test;
  await test.connected({ maxFileBytes: 10 });
  discord.say(direct, anna, 'look', { files: [{ filename: 'ä b.png', contentType: 'image/png', content: Buffer.from('small') }, { filename: 'big', contentType: '', content: Buffer.alloc(11) }] });
  await expect.poll(test.texts).toEqual(['look']);
  const [small, big] = test.heard[0]?.files ?? [];
  expect(small).toMatchObject({ name: 'ä b.png', mediaType: 'image/png', bytes: 5 });
  expect(Buffer.from((await small?.content()) ?? []).toString()).toBe('small');
  await expect(big?.content()).rejects.toMatchObject({ code: 'file_too_large' });
});

it('keeps the order of a channel while NEXUS is slow, tries again what NEXUS did not take, and goes on elsewhere meanwhile', async () => {
  const { discord, anna, general } = test;
  let failures = 2;
  await test.connected({}, async ({ text }) => {
    if (text !== 'first' || failures === 0) return;
    failures -= 1;
    throw new Error('not now');
  });
  discord.say(general, anna, 'first', { mentions: true });
  discord.say(general, anna, 'second', { mentions: true });
  expect(await heardUpTo('elsewhere')).toContain('elsewhere');
  await expect.poll(test.texts, { timeout: 5_000 }).toHaveLength(3);
  expect(test.texts().filter((text) => text !== 'elsewhere')).toEqual(['first', 'second']);
  expect(test.problems.map(({ doing }) => doing)).toEqual(['read', 'read']);
});
