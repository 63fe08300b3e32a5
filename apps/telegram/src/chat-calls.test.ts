import { GrammyError } from 'grammy';
import { describe, expect, it } from 'vitest';
import { ChatCalls } from './chat-calls.js';

const refusal = (error_code: number, description: string, parameters: object = {}): GrammyError => new GrammyError('refused', { ok: false, error_code, description, parameters }, 'sendMessage', {});

describe('calls for a chat', () => {
  const calls = (): ChatCalls => new ChatCalls(new AbortController().signal, () => undefined);

  it('are made one after the other, those of other chats meanwhile', async () => {
    const all = calls();
    const first = Promise.withResolvers<void>();
    const made: string[] = [];
    const waiting = all.run('1', async () => {
      await first.promise;
      made.push('first');
    });
    const next = all.run('1', async () => void made.push('second'));
    await all.run('2', async () => void made.push('other'));
    first.resolve();
    await Promise.all([waiting, next]);
    expect(made).toEqual(['other', 'first', 'second']);
  });

  it.each([
    [403, 'Forbidden: bot was blocked by the user', 'surface_gone', false],
    [400, 'Bad Request: chat not found', 'surface_gone', false],
    [400, 'Bad Request: message to edit not found', 'surface_gone', false],
    [400, 'Bad Request: message thread not found', 'surface_gone', false],
    [400, 'Bad Request: TOPIC_CLOSED', 'surface_gone', false],
    [400, 'Bad Request: not enough rights to send text messages to the chat', 'surface_gone', false],
    [400, 'Bad Request: message is too long', 'surface_refused', false],
    [502, 'Bad Gateway', 'surface_unreachable', true],
  ])('that fail with %i %s fail as %s', async (status, description, code, isRetryable) => {
    await expect(calls().run('1', () => Promise.reject(refusal(status, description)))).rejects.toMatchObject({ code, isRetryable });
  });

  it('that are refused do not tell what was refused', async () => {
    const refused = calls().run('1', () => Promise.reject(refusal(400, "Bad Request: entity URL 'https://secret.example/' is invalid: Wrong HTTP URL")));
    await expect(refused).rejects.toMatchObject({ message: 'Telegram refused a call: Bad Request: entity URL (…) is invalid: Wrong HTTP URL.' });
  });

  it('that change nothing are done', async () => {
    expect(await calls().run('1', () => Promise.reject(refusal(400, 'Bad Request: message is not modified: exactly the same')))).toBeUndefined();
  });

  it('follow a group to where it is now, and those after it begin there', async () => {
    const all = calls();
    const asked: [string, boolean][] = [];
    const call = async (chatId: string, hasMoved: boolean): Promise<string> => {
      asked.push([chatId, hasMoved]);
      if (chatId === '-5') throw refusal(400, 'Bad Request: group chat was upgraded to a supergroup chat', { migrate_to_chat_id: -1005 });
      return chatId;
    };
    expect(await all.run('-5', call)).toBe('-1005');
    expect(await all.run('-5', call)).toBe('-1005');
    expect(asked).toEqual([['-5', false], ['-1005', true], ['-1005', true]]);
  });

  it('that wait for Telegram end when the adapter does', async () => {
    const ending = new AbortController();
    const all = new ChatCalls(ending.signal, () => ending.abort());
    await expect(all.run('1', () => Promise.reject(refusal(429, 'Too Many Requests', { retry_after: 600 })))).rejects.toMatchObject({ isRetryable: true });
  });
});
