import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFakeTelegram, type FakeTelegram } from './fake-telegram.js';

const ann = { id: 11, name: 'Ann' };

describe('the fake Bot API', () => {
  let telegram: FakeTelegram;
  beforeEach(async () => {
    telegram = await startFakeTelegram();
    telegram.addChat({ id: 11, type: 'private' });
  });
  afterEach(() => telegram.stop());

  /** Whatever Telegram answers. */
  type Answer = ReturnType<typeof JSON.parse>;
  const call = async (method: string, fields: object = {}): Promise<Answer> => {
    const response = await fetch(`${telegram.url}/bot${telegram.token}/${method}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(fields) });
    return JSON.parse(await response.text());
  };

  it('hands out an update until an offset beyond it confirms it', async () => {
    telegram.write({ chatId: 11, from: ann, text: 'one' });
    telegram.write({ chatId: 11, from: ann, text: 'two' });
    const first = (await call('getUpdates')).result;
    expect(first.map((update: { message: { text: string } }) => update.message.text)).toEqual(['one', 'two']);
    expect((await call('getUpdates')).result).toEqual(first);
    expect((await call('getUpdates', { offset: first[0].update_id + 1 })).result).toEqual([first[1]]);
    expect((await call('getUpdates', { offset: first[1].update_id + 1 })).result).toEqual([]);
    expect(telegram.unconfirmed).toBe(0);
  });

  it('repeats a confirmed update once when told to', async () => {
    const { updateId } = telegram.write({ chatId: 11, from: ann, text: 'one' });
    await call('getUpdates', { offset: updateId + 1 });
    telegram.deliverAgain(updateId);
    const again = (await call('getUpdates', { offset: updateId + 1 })).result;
    expect(again.map((update: { update_id: number }) => update.update_id)).toEqual([updateId]);
    expect((await call('getUpdates', { offset: updateId + 1 })).result).toEqual([]);
  });

  it('lets a call wait for an update, and ends it when another call comes', async () => {
    const waiting = call('getUpdates', { timeout: 10 });
    await expect.poll(() => telegram.isPolled).toBe(true);
    const second = call('getUpdates', { timeout: 10 });
    const answers = Promise.race([waiting, second]);
    expect(await answers).toMatchObject({ ok: false, error_code: 409 });
    telegram.write({ chatId: 11, from: ann, text: 'now' });
    const both = await Promise.all([waiting, second]);
    expect(both.filter(({ ok }) => ok).map(({ result }) => result.length)).toEqual([1]);
  });

  it('refuses what Telegram refuses, in its words', async () => {
    const sent = (await call('sendMessage', { chat_id: 11, text: 'hello' })).result;
    const refusals = [
      await call('sendMessage', { chat_id: 12, text: 'x' }),
      await call('sendMessage', { chat_id: 11, text: '  \n' }),
      await call('sendMessage', { chat_id: 11, text: 'x'.repeat(4_097) }),
      await call('sendMessage', { chat_id: 11, text: 'x', message_thread_id: 1 }),
      await call('sendMessage', { chat_id: 11, text: '👍', entities: [{ type: 'bold', offset: 0, length: 1 }] }),
      await call('sendMessage', { chat_id: 11, text: 'ab', entities: [{ type: 'bold', offset: 1, length: 2 }] }),
      await call('sendMessage', { chat_id: 11, text: 'ab', entities: [{ type: 'text_link', offset: 0, length: 2, url: 'http://localhost/' }] }),
      await call('editMessageText', { chat_id: 11, message_id: sent.message_id, text: 'hello' }),
      await call('editMessageText', { chat_id: 11, message_id: 4, text: 'hello' }),
      await call('nothing'),
    ];
    expect(refusals.map(({ description }) => description)).toEqual([
      'Bad Request: chat not found',
      'Bad Request: message text is empty',
      'Bad Request: message is too long',
      'Bad Request: message thread not found',
      'Bad Request: entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol',
      'Bad Request: entity beginning at UTF-16 offset 1 ends after the end of the text at UTF-16 offset 3',
      "Bad Request: entity URL 'http://localhost/' is invalid: Wrong HTTP URL",
      expect.stringContaining('message is not modified'),
      'Bad Request: message to edit not found',
      'Not Found',
    ]);
    expect(telegram.faults).toHaveLength(7);
  });

  it('counts formatting that Telegram would drop without a word', async () => {
    await call('sendMessage', { chat_id: 11, text: 'abcdef', entities: [{ type: 'bold', offset: 0, length: 4 }, { type: 'code', offset: 1, length: 2 }] });
    await call('sendMessage', { chat_id: 11, text: 'abcdef', entities: [{ type: 'bold', offset: 0, length: 4 }, { type: 'italic', offset: 2, length: 4 }] });
    await call('sendMessage', { chat_id: 11, text: 'abcdef', entities: [{ type: 'blockquote', offset: 0, length: 6 }, { type: 'pre', offset: 1, length: 2 }] });
    expect(telegram.faults).toEqual([expect.stringContaining('code holds nothing'), expect.stringContaining('cross')]);
  });

  it('trims white space and keeps the entities in their places', async () => {
    const { result } = await call('sendMessage', { chat_id: 11, text: ' \n bold \n', entities: [{ type: 'bold', offset: 3, length: 6 }] });
    expect(result).toMatchObject({ text: 'bold', entities: [{ type: 'bold', offset: 0, length: 4 }] });
  });

  it('shuts a chat for the seconds of a 429, and counts who does not wait', async () => {
    telegram.disturb({ kind: 'flood', retryAfter: 5, method: 'sendMessage' });
    expect(await call('sendMessage', { chat_id: 11, text: 'x' })).toMatchObject({ error_code: 429, parameters: { retry_after: 5 } });
    expect(await call('sendMessage', { chat_id: 11, text: 'x' })).toMatchObject({ error_code: 429 });
    expect(telegram.faults).toEqual([expect.stringContaining('before retry_after was over')]);
  });

  it('breaks connections before and after it did what was asked', async () => {
    telegram.disturb({ kind: 'reset_before', method: 'sendMessage' });
    telegram.disturb({ kind: 'reset_after', method: 'sendMessage' });
    await expect(call('sendMessage', { chat_id: 11, text: 'first' })).rejects.toThrow();
    await expect(call('sendMessage', { chat_id: 11, text: 'second' })).rejects.toThrow();
    expect(telegram.messages(11).map(({ text }) => text)).toEqual(['second']);
  });

  it('moves a group to a supergroup', async () => {
    telegram.addChat({ id: -5, type: 'group' });
    telegram.migrate(-5, -1005, ann);
    expect(await call('sendMessage', { chat_id: -5, text: 'x' })).toMatchObject({ ok: false, parameters: { migrate_to_chat_id: -1005 } });
    expect((await call('sendMessage', { chat_id: -1005, text: 'x' })).ok).toBe(true);
    expect(telegram.faults).toEqual([]);
  });

  it('posts updates to a webhook with its secret until one is taken', async () => {
    const seen: { secret: string | null; text: string }[] = [];
    const { createServer } = await import('node:http');
    const { listen } = await import('../listen.js');
    const { readBody } = await import('../read-body.js');
    const server = createServer((request, response) => {
      void readBody(request).then((body) => {
        seen.push({ secret: String(request.headers['x-telegram-bot-api-secret-token']), text: JSON.parse(body.toString()).message.text });
        response.writeHead(seen.length === 1 ? 503 : 200).end();
      });
    });
    const { url, close } = await listen(server);
    await call('setWebhook', { url, secret_token: 'a-secret' });
    telegram.write({ chatId: 11, from: ann, text: 'hook' });
    await expect.poll(() => telegram.unconfirmed).toBe(0);
    expect(seen).toEqual([{ secret: 'a-secret', text: 'hook' }, { secret: 'a-secret', text: 'hook' }]);
    expect((await call('getUpdates')).ok).toBe(false);
    await close();
  });

  it('keeps files and hands them out', async () => {
    const form = new FormData();
    form.set('chat_id', '11');
    form.set('caption', 'a plan');
    form.set('document', new Blob(['content']), 'plan.txt');
    const response = await fetch(`${telegram.url}/bot${telegram.token}/sendDocument`, { method: 'POST', body: form });
    const { result } = (await response.json()) as Answer;
    const { result: file } = await call('getFile', { file_id: result.document.file_id });
    const content = await fetch(`${telegram.url}/file/bot${telegram.token}/${file.file_path}`);
    expect(await content.text()).toBe('content');
    expect(telegram.messages(11)).toMatchObject([{ text: 'a plan', file: { kind: 'document', name: 'plan.txt' } }]);
  });
});
