import { v5, version } from 'uuid';
import { describe, expect, it } from 'vitest';
import { deterministicId, isUuid, newId } from './ids.js';

describe('deterministicId', () => {
  it('is the UUIDv5 of its parts in NEXUS\'s namespace, whatever their length and script', () => {
    for (const parts of [['a'], ['a', 1], ['', ''], ['x'.repeat(5_000), 'é世界\u{1f600}'], ['after a long one']]) {
      const id = deterministicId(...parts);
      expect(id).toBe(v5(parts.join('\u0000'), '6f1d1a52-6d2b-5a5e-9b65-0e0a5c1b7f10'));
      expect(isUuid(id)).toBe(true);
    }
  });

  it('differs where the parts do', () => {
    expect(deterministicId('a', 'b')).not.toBe(deterministicId('a', 'c'));
  });
});

describe('newId', () => {
  it('is a UUIDv7 of this moment', () => {
    const before = Date.now();
    const id = newId();
    expect(isUuid(id)).toBe(true);
    expect(version(id)).toBe(7);
    const ms = parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    expect(ms).toBeGreaterThanOrEqual(before);
    expect(ms).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  it('is ordered and never the same, however many are made in a millisecond', () => {
    const ids = Array.from({ length: 100_000 }, () => newId());
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toEqual(ids.toSorted());
    expect(ids.every((id) => isUuid(id))).toBe(true);
  });
});
