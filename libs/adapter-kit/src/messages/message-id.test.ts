import { expect, it } from 'vitest';
import { messageIdOf, nonceOf, surfaceMessageIdOf } from './message-id.js';

const bot = { surface: 'telegram', bot: '42' };

it('names a message by where it is, readably, and tells its own id again', () => {
  const id = messageIdOf(bot, { chatId: '-100', topicId: '7' }, '815');
  expect(id).toBe('telegram:42:-100:7:815');
  expect(surfaceMessageIdOf(id)).toBe('815');
  for (const odd of ['a:b', '50%', '%3A', 'ä 日本', '\u0000\n', '%41']) expect(surfaceMessageIdOf(messageIdOf(bot, { chatId: 'c:d', topicId: '' }, odd))).toBe(odd);
});

it('tells apart what only looks alike', () => {
  const places = [['a:b', '', 'c'], ['a', 'b', 'c'], ['a', '', 'b:c'], ['a%3Ab', '', 'c'], ['a', 'b:c', '']] as const;
  expect(new Set(places.map(([chatId, topicId, id]) => messageIdOf(bot, { chatId, topicId }, id))).size).toBe(places.length);
});

it('stays within what NEXUS takes', () => {
  const long = messageIdOf(bot, { chatId: 'c'.repeat(300), topicId: '' }, '1');
  expect(long.length).toBeLessThanOrEqual(256);
  expect(messageIdOf(bot, { chatId: 'c'.repeat(300), topicId: '' }, '2')).not.toBe(long);
  expect(surfaceMessageIdOf(long)).toBe('');
});

it('has a nonce for each piece and each life of it', () => {
  const nonces = [nonceOf('m', 0, 0), nonceOf('m', 1, 0), nonceOf('m', 0, 1), nonceOf('n', 0, 0)];
  expect(new Set(nonces).size).toBe(4);
  expect(nonceOf('m', 0, 0)).toBe(nonces[0]);
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{25}$/);
});
