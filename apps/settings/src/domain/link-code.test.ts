import { describe, expect, it } from 'vitest';
import { linkCodeFrom, typedLinkCode } from './link-code.js';

describe('a link code', () => {
  it('has eight characters that nobody takes for others, each as likely as any', () => {
    const seen = new Set(Array.from({ length: 256 }, (_, byte) => linkCodeFrom(new Uint8Array(32).fill(byte)).charAt(0)));
    expect(seen.size).toBe(32);
    expect([...seen].join('')).not.toMatch(/[IO01]/);
    expect(linkCodeFrom(new Uint8Array([0, 1, 2, 3, 4, 5, 6, 255]))).toBe('ABCDEFG9');
  });

  it('is not made of too little chance', () => {
    expect(() => linkCodeFrom(new Uint8Array(7))).toThrow(RangeError);
  });

  it('is read however it was typed', () => {
    expect(typedLinkCode(' abcd-efg9 ')).toBe('ABCDEFG9');
    expect(typedLinkCode('ABCDEFG9')).toBe('ABCDEFG9');
  });

  it.each(['', 'ABCDEFG', 'ABCDEFG99', 'ABCDEFG0', 'ABCDEFGß', '\u0000BCDEFG9'])('is not read out of %j', (text) => {
    expect(typedLinkCode(text)).toBeUndefined();
  });
});
