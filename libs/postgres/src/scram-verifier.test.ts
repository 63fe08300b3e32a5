import { describe, expect, it } from 'vitest';
import { isVerifierOf, scramVerifier } from './scram-verifier.js';

describe('scramVerifier', () => {
  it('recognises its own password and no other', () => {
    const verifier = scramVerifier('correct horse');
    expect(isVerifierOf(verifier, 'correct horse')).toBe(true);
    expect(isVerifierOf(verifier, 'battery staple')).toBe(false);
  });

  it('takes no other kind of verifier for one', () => {
    expect(isVerifierOf(null, 'x')).toBe(false);
    expect(isVerifierOf('md5d1e8f7', 'x')).toBe(false);
  });
});
