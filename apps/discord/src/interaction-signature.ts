import { createPublicKey, verify, type KeyObject } from 'node:crypto';

/** The beginning of every Ed25519 key in SPKI. */
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');

/** DISCORD_PUBLIC_KEY, 64 hexadecimal digits, as a key. */
export function publicKeyOf(hex: string): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI_HEAD, Buffer.from(hex, 'hex')]), format: 'der', type: 'spki' });
}

/** True when Discord signed this: the timestamp and then the body, byte for byte as they came. Never throws. */
export function isSigned(key: KeyObject, body: Buffer, signature: string, timestamp: string): boolean {
  if (!/^[0-9a-f]{128}$/i.test(signature) || timestamp === '') return false;
  return verify(null, Buffer.concat([Buffer.from(timestamp), body]), key, Buffer.from(signature, 'hex'));
}
