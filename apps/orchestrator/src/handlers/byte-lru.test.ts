import { expect, it } from 'vitest';
import { ByteLru } from './byte-lru.js';

it('lets what was used least fall out when the bytes are too many', () => {
  const evicted: string[] = [];
  const lru = new ByteLru<{ bytes: number }>(10, (key) => evicted.push(key));
  lru.set('a', { bytes: 4 });
  lru.set('b', { bytes: 4 });
  lru.get('a');
  lru.set('c', { bytes: 4 });
  expect(evicted).toEqual(['b']);
  expect(lru.get('b')).toBeUndefined();
  expect(lru.bytes).toBe(8);
});

it('counts a value that is replaced or removed once', () => {
  const lru = new ByteLru<{ bytes: number }>(10);
  lru.set('a', { bytes: 4 });
  lru.set('a', { bytes: 6 });
  expect(lru.bytes).toBe(6);
  lru.delete('a');
  expect(lru.bytes).toBe(0);
  lru.set('b', { bytes: 5 });
  lru.set('huge', { bytes: 11 });
  expect(lru.get('huge')).toBeUndefined();
  expect(lru.bytes).toBe(5);
});
