import { fromMarkdown, plain, splitFormatted, type Surface, type SurfaceMessage } from '@nexus/adapter-kit';
import { AppError } from '@nexus/core';
import { freePort, startFakeTelegram, type FakeTelegram } from '@nexus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { telegramSurface, type TelegramOptions, type TelegramSurface } from './telegram-surface.js';

const ann = { id: 11, name: 'Ann' };
const here = { chatId: '11', topicId: '' };
const nonce = { nonce: '' };

describe('Telegram as a surface', () => {
  let telegram: FakeTelegram;
  let surface: TelegramSurface;
  let heard: SurfaceMessage[];
  const surfaces: Surface[] = [];

  const begin = (more: Partial<TelegramOptions> = {}): TelegramSurface => {
    const begun = telegramSurface({ token: telegram.token, apiRoot: telegram.url, attention: 'addressed', ...more });
    surfaces.push(begun);
    return begun;
  };
  const listen = (on: Surface = surface): Promise<void> => on.connect(async (message) => void heard.push(message));
  const texts = (): string[] => heard.map(({ text }) => text);
  const shown = (chatId = 11): string[] => telegram.messages(chatId).filter(({ isFromBot }) => isFromBot).map(({ text }) => text);

  beforeEach(async () => {
    telegram = await startFakeTelegram();
    telegram.addChat({ id: 11, type: 'private' });
    telegram.addChat({ id: -1001, type: 'supergroup', title: 'Team', topics: [7] });
    heard = [];
    surface = begin();
  });
  afterEach(async () => {
    await Promise.all(surfaces.splice(0).map((each) => each.disconnect()));
    await telegram.stop();
  });

  describe('hears', () => {
    it('messages in their order, and confirms them only when they are safe', async () => {
      const safe = Promise.withResolvers<void>();
      await surface.connect(async (message) => {
        heard.push(message);
        if (message.text === 'one') await safe.promise;
      });
      for (const text of ['one', 'two', 'three']) telegram.write({ chatId: 11, from: ann, text });
      await expect.poll(texts).toEqual(['one']);
      expect(telegram.unconfirmed).toBe(3);
      safe.resolve();
      await expect.poll(texts).toEqual(['one', 'two', 'three']);
      await expect.poll(() => telegram.unconfirmed).toBe(0);
    });

    it('other places while one waits', async () => {
      const never = Promise.withResolvers<void>();
      await surface.connect(async (message) => {
        heard.push(message);
        if (message.text === 'stuck') await never.promise;
      });
      telegram.write({ chatId: 11, from: ann, text: 'stuck' });
      telegram.write({ chatId: -1001, from: ann, topicId: 7, text: '@nexus_test_bot hello' });
      await expect.poll(texts).toEqual(['stuck', 'hello']);
      never.resolve();
    });

    it('an update once, however often it comes', async () => {
      await listen();
      const { updateId } = telegram.write({ chatId: 11, from: ann, text: 'once' });
      await expect.poll(texts).toEqual(['once']);
      telegram.deliverAgain(updateId);
      telegram.write({ chatId: 11, from: ann, text: 'after' });
      await expect.poll(texts).toEqual(['once', 'after']);
    });

    it('a message again until it is safe, those after it later', async () => {
      let failures = 0;
      await surface.connect(async (message) => {
        if (message.text === 'one' && failures++ < 2) throw new AppError('bus_unavailable', 'away', { isRetryable: true });
        heard.push(message);
      });
      telegram.write({ chatId: 11, from: ann, text: 'one' });
      telegram.write({ chatId: 11, from: ann, text: 'two' });
      await expect.poll(texts, { timeout: 10_000 }).toEqual(['one', 'two']);
    });

    it('after a kill what was not safe, under the same ids', async () => {
      const never = new Promise<void>(() => undefined);
      const dying = begin();
      await dying.connect(async (message) => {
        heard.push(message);
        await never;
      });
      telegram.write({ chatId: 11, from: ann, text: 'lost?' });
      await expect.poll(texts).toEqual(['lost?']);
      await listen();
      await expect.poll(texts).toEqual(['lost?', 'lost?']);
      expect(heard[1]?.id).toBe(heard[0]?.id);
    });

    it('on through broken connections, errors and another poller', async () => {
      const reported: number[] = [];
      surface = begin({ report: (event, detail) => event === 'poll' && reported.push(detail) });
      await listen();
      for (const kind of ['reset_before', 'server_error', 'reset_after'] as const) telegram.disturb({ method: 'getUpdates', kind });
      await expect.poll(() => telegram.isPolled, { timeout: 10_000 }).toBe(true);
      await fetch(`${telegram.url}/bot${telegram.token}/getUpdates`);
      for (let i = 0; i < 5; i++) telegram.write({ chatId: 11, from: ann, text: String(i) });
      await expect.poll(texts, { timeout: 10_000 }).toEqual(['0', '1', '2', '3', '4']);
      await expect.poll(() => telegram.unconfirmed, { timeout: 10_000 }).toBe(0);
      expect(reported).toContain(409);
      expect(surface.isConnected).toBe(true);
      await surface.disconnect();
      expect(surface.isConnected).toBe(false);
    });

    it('what was changed', async () => {
      await listen();
      const { messageId } = telegram.write({ chatId: 11, from: ann, text: 'teh' });
      await expect.poll(texts).toEqual(['teh']);
      telegram.change(11, messageId, 'the');
      await expect.poll(texts).toEqual(['teh', 'the']);
      expect(heard[1]?.editsMessageId).toBe(heard[0]?.id);
    });

    it('photos and files, fetched through the API root', async () => {
      await listen();
      telegram.write({ chatId: 11, from: ann, text: 'look', file: { kind: 'photo', name: 'x.jpg', content: Buffer.from('pixels') } });
      await expect.poll(() => heard.length).toBe(1);
      const file = heard[0]?.files[0];
      expect(file).toMatchObject({ mediaType: 'image/jpeg', bytes: 6 });
      expect(Buffer.from((await file?.content()) ?? []).toString()).toBe('pixels');
    });

    it('pictures that were sent at once as one message', async () => {
      const part = (text: string, name: string) => telegram.write({ chatId: -1001, topicId: 7, from: ann, text, file: { kind: 'photo', name, content: Buffer.from(name) }, more: { media_group_id: 'album' } });
      const { messageId } = part('@nexus_test_bot compare', 'one.jpg');
      part('', 'two.jpg');
      part('', 'three.jpg');
      telegram.write({ chatId: -1001, topicId: 7, from: ann, text: '@nexus_test_bot after' });
      await listen();
      await expect.poll(texts).toEqual(['compare', 'after']);
      expect(heard[0]).toMatchObject({ id: String(messageId), files: [{ bytes: 7 }, { bytes: 7 }, { bytes: 9 }] });
      await expect.poll(() => telegram.unconfirmed).toBe(0);
    });

    it('no content of a file that Telegram does not hand out', async () => {
      await listen();
      telegram.write({ chatId: 11, from: ann, file: { kind: 'document', name: 'big', content: Buffer.alloc(21 * 1_024 * 1_024) } });
      await expect.poll(() => heard.length).toBe(1);
      await expect(heard[0]?.files[0]?.content()).rejects.toMatchObject({ code: 'file_too_large' });
    });

    it('nothing again after it ended: what was safe is confirmed', async () => {
      await listen();
      telegram.write({ chatId: 11, from: ann, text: 'last' });
      await expect.poll(texts).toEqual(['last']);
      await surface.disconnect();
      expect(telegram.unconfirmed).toBe(0);
    });

    it('refuses to begin with a token that Telegram does not know', async () => {
      await expect(begin({ token: '1:not-the-token' }).connect(async () => undefined)).rejects.toMatchObject({ code: 'invalid_bot_token' });
    });

    it('shows its commands in the menu', async () => {
      await listen();
      expect(telegram.commands.map(({ command }) => command)).toEqual(['new', 'stop', 'model', 'cost', 'link', 'claim', 'help']);
    });
  });

  describe('by webhook', () => {
    const secret = 'a-secret-of-the-webhook';
    let url: string;
    beforeEach(async () => {
      const port = await freePort();
      url = `http://127.0.0.1:${port}/telegram`;
      surface = begin({ webhook: { url, secret, host: '127.0.0.1', port } });
    });

    it('hears what Telegram posts, each update once, when it is safe', async () => {
      let failures = 0;
      await surface.connect(async (message) => {
        if (failures++ < 1) throw new AppError('bus_unavailable', 'away', { isRetryable: true });
        heard.push(message);
      });
      const { updateId } = telegram.write({ chatId: 11, from: ann, text: 'hook' });
      await expect.poll(() => telegram.unconfirmed, { timeout: 10_000 }).toBe(0);
      telegram.deliverAgain(updateId);
      telegram.write({ chatId: 11, from: ann, text: 'after' });
      await expect.poll(texts).toEqual(['hook', 'after']);
    });

    it.each([
      ['without the secret', {}],
      ['with another secret', { 'x-telegram-bot-api-secret-token': 'another-secret-of-it' }],
    ])('refuses who comes %s', async (_how, headers) => {
      await listen();
      const body = JSON.stringify({ update_id: 1, message: { message_id: 1, date: 1, chat: { id: 11, type: 'private' }, from: { id: 11, is_bot: false, first_name: 'x' }, text: 'x' } });
      expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401);
      expect(heard).toEqual([]);
    });

    it('refuses what is no update', async () => {
      await listen();
      const post = async (body: string): Promise<number> => (await fetch(url, { method: 'POST', headers: { 'x-telegram-bot-api-secret-token': secret }, body })).status;
      expect(await post('{')).toBe(400);
      expect(await post('x'.repeat(2_000_000))).toBe(413);
      expect((await fetch(url)).status).toBe(405);
    });
  });

  describe('shows', () => {
    it('a message, changed as often as one likes, the same again changing nothing', async () => {
      const id = await surface.post(here, { content: plain('…') }, nonce);
      await surface.edit(here, id, { content: { text: 'so it is', spans: [{ kind: 'bold', offset: 0, length: 2 }] } });
      await surface.edit(here, id, { content: { text: 'so it is', spans: [{ kind: 'bold', offset: 0, length: 2 }] } });
      expect(telegram.messages(11)).toMatchObject([{ text: 'so it is', entities: [{ type: 'bold', offset: 0, length: 2 }], edits: 1 }]);
      expect(telegram.faults).toEqual([]);
    });

    it('every style of a text with hundreds of them, in more messages', async () => {
      const { maxTextLength, lengthOf } = surface.capabilities();
      const markdown = Array.from({ length: 300 }, (_, i) => `**b${i}** and \`c${i}\``).join('\n\n');
      const pieces = splitFormatted(fromMarkdown(markdown), maxTextLength, lengthOf);
      expect(pieces.length).toBeLessThan(12);
      for (const content of pieces) await surface.post(here, { content }, nonce);
      const entities = telegram.messages(11).flatMap((message) => message.entities);
      expect(entities.filter(({ type }) => type === 'bold')).toHaveLength(300);
      expect(entities.filter(({ type }) => type === 'code')).toHaveLength(300);
      expect(telegram.faults).toEqual([]);
    });

    it('in the topic, as a reply, and in General without a thread id', async () => {
      const { messageId } = telegram.write({ chatId: -1001, from: ann, topicId: 7, text: 'question' });
      await surface.post({ chatId: '-1001', topicId: '7' }, { content: plain('in 7') }, { nonce: '', replyToMessageId: String(messageId) });
      await surface.post({ chatId: '-1001', topicId: '1' }, { content: plain('in General') }, nonce);
      expect(telegram.messages(-1001).slice(1)).toMatchObject([{ text: 'in 7', topicId: 7, replyTo: messageId }, { text: 'in General', topicId: undefined }]);
      expect(telegram.faults).toEqual([]);
    });

    it('an answer although the question is gone', async () => {
      await surface.post(here, { content: plain('answer') }, { nonce: '', replyToMessageId: '4711' });
      expect(shown()).toEqual(['answer']);
    });

    it('nothing while Telegram asked to wait, then everything in its order', async () => {
      telegram.disturb({ kind: 'flood', retryAfter: 1, method: 'sendMessage', chatId: 11 });
      const before = performance.now();
      await Promise.all([surface.post(here, { content: plain('one') }, nonce), surface.post(here, { content: plain('two') }, nonce), surface.typing(here)]);
      expect(performance.now() - before).toBeGreaterThan(900);
      expect(shown()).toEqual(['one', 'two']);
      expect(telegram.faults).toEqual([]);
    });

    it('files and pictures with their captions, also in the place of a text', async () => {
      const file = { name: 'plan.txt', mediaType: 'text/plain', content: Buffer.from('the plan') };
      const picture = { name: 'p.png', mediaType: 'image/png', content: Buffer.from('pixels') };
      await surface.post(here, { content: plain('a file'), file }, nonce);
      const id = await surface.post(here, { content: plain('…') }, nonce);
      await surface.edit(here, id, { content: plain('a picture'), file: picture });
      await surface.edit(here, id, { content: plain('a picture'), file: picture });
      expect(telegram.messages(11)).toMatchObject([
        { text: 'a file', file: { kind: 'document', name: 'plan.txt', content: Buffer.from('the plan') } },
        { text: 'a picture', file: { kind: 'photo', content: Buffer.from('pixels') }, edits: 1 },
      ]);
      expect(telegram.faults).toEqual([]);
    });

    it('in the supergroup what is for the group that it was', async () => {
      telegram.addChat({ id: -5, type: 'group' });
      const old = { chatId: '-5', topicId: '' };
      const before = await surface.post(old, { content: plain('…') }, nonce);
      telegram.migrate(-5, -1005, ann);
      const after = await surface.post(old, { content: plain('new') }, { nonce: '', replyToMessageId: '4' });
      await surface.edit(old, after, { content: plain('newer') });
      await surface.edit(old, before, { content: plain('moved') });
      await surface.edit(old, before, { content: plain('moved, changed') });
      expect(shown(-1005)).toEqual(['newer', 'moved, changed']);
      // After a restart nobody remembers that the group moved, and the id tells it.
      await begin().edit(old, after, { content: plain('newest') });
      expect(shown(-1005)).toEqual(['newest', 'moved, changed']);
      expect(telegram.faults).toEqual([]);
    });

    it('nothing where the bot was thrown out, or the message is gone', async () => {
      const id = await surface.post(here, { content: plain('x') }, nonce);
      await surface.remove(here, id);
      await surface.remove(here, id);
      await expect(surface.edit(here, id, { content: plain('y') })).rejects.toMatchObject({ code: 'surface_gone', isRetryable: false });
      telegram.close(11);
      await expect(surface.post(here, { content: plain('x') }, nonce)).rejects.toMatchObject({ code: 'surface_gone' });
      await surface.typing(here);
      expect(telegram.messages(11)).toEqual([]);
    });

    it('that nobody knows when the connection broke', async () => {
      for (const kind of ['reset_before', 'server_error'] as const) telegram.disturb({ method: 'sendMessage', kind });
      for (let i = 0; i < 2; i++) await expect(surface.post(here, { content: plain('x') }, nonce)).rejects.toMatchObject({ code: 'surface_unreachable', isRetryable: true });
      expect(shown()).toEqual([]);
    });

    it('what a place is', async () => {
      expect(await surface.context({ chatId: '-1001', topicId: '' })).toEqual({ title: 'Team', isGroup: true, memberCount: 3 });
      expect(await surface.context(here)).toMatchObject({ isGroup: false });
    });
  });
});
