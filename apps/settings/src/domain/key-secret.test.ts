import { describe, expect, it } from 'vitest';
import { secretFrom, shownPrefix } from './key-secret.js';

describe('secretFrom', () => {
  it('is nxs_ and the bytes, in characters that need no quoting', () => {
    expect(secretFrom(new Uint8Array(32).fill(255))).toBe(`nxs_${'_'.repeat(42)}8`);
    expect(secretFrom(Uint8Array.from({ length: 32 }, (_, index) => index))).toMatch(/^nxs_[\w-]{43}$/);
  });
  it('refuses fewer bytes: that secret could be guessed', () => {
    expect(() => secretFrom(new Uint8Array(16))).toThrow(RangeError);
  });
});

describe('shownPrefix', () => {
  it('shows enough to tell keys apart and too little to guess the rest', () => {
    expect(shownPrefix(`nxs_${'a'.repeat(43)}`)).toBe('nxs_aaaaaa');
    expect(shownPrefix('sixteen-letters!')).toBe('sixt');
  });
});
