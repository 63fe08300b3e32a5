import { describe, expect, it } from 'vitest';
import { ChannelKeys } from './keys.js';

/** What Redis Cluster hashes: the first non-empty braces, or all of the key. */
const slotOf = (key: string): string => /^[^{]*\{([^}]+)\}/.exec(key)?.[1] ?? key;

describe('ChannelKeys', () => {
  it('keeps a marker in the slot of its stream, also where a reply-to brings braces of its own', () => {
    const keys = [new ChannelKeys('', 1), new ChannelKeys('a:', 4)].flatMap((made) => [
      made.channel('requests.processed', 3), made.reply('requests.processed', 'gateway.1'), made.reply('requests.processed', 'odd{name}'),
    ]);
    for (const key of keys) expect(slotOf(new ChannelKeys('', 1).marker(key, 'x'))).toBe(slotOf(key));
  });

  it('gives no two streams the same marker', () => {
    const [one, other] = [new ChannelKeys('a:', 4), new ChannelKeys('b:', 4)];
    const streams = [one.channel('requests.processed', 3), one.channel('inference.response', 3), other.channel('requests.processed', 3), one.reply('requests.processed', '{3}')];
    expect(new Set(streams.map((stream) => one.marker(stream, 'x'))).size).toBe(streams.length);
  });
});
