import { afterEach, beforeEach, expect, it } from 'vitest';
import { piece, startSurfaceTest, type SurfaceTest } from './surface-test.js';

let test: SurfaceTest;
beforeEach(async () => {
  test = await startSurfaceTest();
});
afterEach(() => test.stop());

it('registers its commands', async () => {
  await test.connected();
  expect(test.discord.commands.map(({ name }) => name)).toEqual(['new', 'stop', 'model', 'cost', 'link', 'claim', 'help']);
});

it('takes a command over the gateway, and answers where Discord shows that it thinks', async () => {
  const { discord, anna, general } = test;
  const thread = discord.thread(general, 'thread', anna);
  const surface = await test.connected();
  const { id } = await discord.command(thread, anna, 'model', ' fast ');
  await expect.poll(test.texts).toEqual(['/model fast']);
  expect(test.heard[0]).toMatchObject({ place: { chatId: general, topicId: thread }, isGroup: true, sender: { id: anna.id, name: 'Anna' }, locale: 'de' });
  expect(discord.answers(thread)).toMatchObject([{ interactionId: id, isLoading: true, isEphemeral: false }]);
  const place = { chatId: general, topicId: thread };
  const shown = await surface.post(place, piece('…'), { nonce: 'a', replyToMessageId: test.heard[0]?.id });
  expect(await surface.post(place, piece('…'), { nonce: 'a', replyToMessageId: test.heard[0]?.id })).toBe(shown);
  await surface.edit(place, shown, piece('This place uses fast now.'));
  await surface.post(place, piece('And more.'), { nonce: 'b', replyToMessageId: test.heard[0]?.id });
  expect(discord.answers(thread)).toMatchObject([{ id: shown, isLoading: false, content: 'This place uses fast now.' }, { interactionId: undefined, content: 'And more.' }]);
});

it('answers a code to its giver only', async () => {
  const { discord, anna, general } = test;
  const surface = await test.connected();
  await discord.command(general, anna, 'link', 'ABCD2345');
  await expect.poll(test.texts).toEqual(['/link ABCD2345']);
  const place = { chatId: general, topicId: '' };
  const shown = await surface.post(place, piece('…'), { nonce: 'a', replyToMessageId: test.heard[0]?.id });
  await surface.edit(place, shown, piece('You are linked.'));
  expect(discord.answers(general)).toMatchObject([{ isEphemeral: true, content: 'You are linked.' }]);
  await surface.remove(place, shown);
  expect(discord.answers(general)).toEqual([]);
});

it('takes interactions over HTTP when they are signed, and refuses others', async () => {
  const { discord, anna, direct } = test;
  const surface = await test.connected({ interactions: { host: '127.0.0.1', port: 0, publicKey: discord.publicKey } });
  const url = `http://127.0.0.1:${surface.interactionsPort}/interactions`;
  const send = async (body: string, headers: Record<string, string>): Promise<[number, unknown]> => {
    const response = await fetch(url, { method: 'POST', headers, body });
    return [response.status, await response.json()];
  };
  const ping = JSON.stringify({ id: '1', token: 't', application_id: discord.applicationId, type: 1 });
  expect(await send(ping, discord.signed(ping))).toEqual([200, { type: 1 }]);
  expect((await send(ping.replace('"1"', '"2"'), discord.signed(ping)))[0]).toBe(401);
  expect((await send(ping, {}))[0]).toBe(401);
  expect((await fetch(url)).status).toBe(405);
  expect((await send('{}', discord.signed('{}')))[0]).toBe(400);

  expect(await discord.command(direct, anna, 'cost', '', url)).toMatchObject({ status: 200 });
  await expect.poll(test.texts).toEqual(['/cost']);
  await surface.post({ chatId: direct, topicId: '' }, piece('Nothing yet.'), { nonce: 'a', replyToMessageId: test.heard[0]?.id });
  expect(discord.answers(direct)).toMatchObject([{ content: 'Nothing yet.', isLoading: false }]);
});

it('does not lose a command that it has taken when it dies before NEXUS has it', async () => {
  const { discord, anna, direct } = test;
  const first = await test.connected({ interactions: { host: '127.0.0.1', port: 0, publicKey: discord.publicKey } }, () => new Promise(() => undefined));
  await discord.command(direct, anna, 'new', '', `http://127.0.0.1:${first.interactionsPort}/`);
  await expect.poll(() => discord.answers(direct)).toMatchObject([{ isLoading: true }]);
  const second = await test.connected();
  await expect.poll(test.texts).toEqual(['/new']);
  await second.post({ chatId: direct, topicId: '' }, piece('A new conversation.'), { nonce: 'a', replyToMessageId: test.heard[0]?.id });
  expect(discord.answers(direct)).toMatchObject([{ content: 'A new conversation.' }]);
});

it('keeps the order of commands and messages of a place', async () => {
  const { discord, anna, direct } = test;
  await test.connected();
  discord.say(direct, anna, 'one');
  await discord.command(direct, anna, 'new');
  discord.say(direct, anna, 'two');
  await expect.poll(test.texts).toEqual(['one', '/new', 'two']);
});
