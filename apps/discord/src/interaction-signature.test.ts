import { generateKeyPairSync, sign } from 'node:crypto';
import { expect, it } from 'vitest';
import { isSigned, publicKeyOf } from './interaction-signature.js';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = publicKeyOf(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex'));
const body = Buffer.from('{"type":1,"text":"ü"}');
const signature = sign(null, Buffer.concat([Buffer.from('1700000000'), body]), privateKey).toString('hex');

it('accepts what was signed', () => {
  expect(isSigned(key, body, signature, '1700000000')).toBe(true);
});

it.each([
  ['another body', Buffer.from('{"type":1,"text":"u"}'), signature, '1700000000'],
  ['the same JSON in other bytes', Buffer.from('{"type": 1,"text":"ü"}'), signature, '1700000000'],
  ['another time', body, signature, '1700000001'],
  ['no time', body, signature, ''],
  ['another signature', body, signature.replace(/^../, (byte) => (byte === '00' ? '01' : '00')), '1700000000'],
  ['no signature', body, '', '1700000000'],
  ['a signature that is no hexadecimal', body, 'zz'.repeat(64), '1700000000'],
])('refuses %s', (_name, received, signed, timestamp) => {
  expect(isSigned(key, received, signed, timestamp)).toBe(false);
});
