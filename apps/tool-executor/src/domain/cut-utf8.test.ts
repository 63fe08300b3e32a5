import { describe, expect, it } from 'vitest';
import { cutUtf8 } from './cut-utf8.js';

describe('cutUtf8', () => {
  it.each([
    ['abc', 3, 'abc'],
    ['abc', 2, 'ab'],
    ['abc', 0, ''],
    ['aé', 2, 'a'],
    ['aé', 3, 'aé'],
    ['日本', 5, '日'],
    ['😀😀', 7, '😀'],
    ['😀', 3, ''],
  ])('cuts %j to %i bytes as %j', (text, maxBytes, expected) => {
    expect(cutUtf8(text, maxBytes)).toBe(expected);
  });
});
