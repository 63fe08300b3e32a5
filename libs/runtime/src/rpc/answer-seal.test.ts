import { describe, expect, it } from 'vitest';
import { AnswerSeal } from './answer-seal.js';

const TOKEN = 'service-token-of-the-tests';
const SECRET = Buffer.from('nxs_a-secret-that-nobody-may-read');
const unreadable = expect.objectContaining({ code: 'idempotency_unreadable', status: 409 });

describe('AnswerSeal', () => {
  const sealed = new AnswerSeal(TOKEN, 'key-1', 'call-1').close(SECRET, 'response');

  it('opens what the same call closed, and shows nothing of it before', () => {
    expect(new AnswerSeal(TOKEN, 'key-1', 'call-1').open(sealed, 'response')).toEqual(SECRET);
    expect(sealed.includes(SECRET.subarray(4, 12))).toBe(false);
    expect(new AnswerSeal(TOKEN, 'key-1', 'call-1').close(SECRET, 'response')).not.toEqual(sealed);
  });

  it.each([
    ['another service token', new AnswerSeal('another-service-token', 'key-1', 'call-1')],
    ['another idempotency key', new AnswerSeal(TOKEN, 'key-2', 'call-1')],
    ['another call', new AnswerSeal(TOKEN, 'key-1', 'call-2')],
  ])('does not open under %s', (_name, seal) => {
    expect(() => seal.open(sealed, 'response')).toThrow(unreadable);
  });

  it('does not open what was changed, cut short, or is another thing', () => {
    const seal = new AnswerSeal(TOKEN, 'key-1', 'call-1');
    const changed = Buffer.from(sealed);
    changed.writeUInt8(changed.readUInt8(40) ^ 1, 40);
    for (const wrong of [changed, sealed.subarray(0, -1), sealed.subarray(0, 5)]) expect(() => seal.open(wrong, 'response')).toThrow(unreadable);
    expect(() => seal.open(sealed, 'seed')).toThrow(unreadable);
  });
});
