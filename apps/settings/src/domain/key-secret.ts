/** What begins every NEXUS secret, so that scanners find one that got lost. */
const SECRET_PREFIX = 'nxs_';

/** Bytes of chance in a secret: 256 bits, which nobody guesses, so that a plain SHA-256 is enough to store it by. */
const SECRET_BYTES = 32;

const SHOWN = 10;

/** A secret from random bytes: `nxs_` and 43 characters of base64url. */
export function secretFrom(random: Uint8Array): string {
  if (random.length !== SECRET_BYTES) throw new RangeError(`a secret is made of ${SECRET_BYTES} bytes, not ${random.length}`);
  return SECRET_PREFIX + Buffer.from(random).toString('base64url');
}

/** The part of a secret that may be shown to tell keys apart: ten characters, never more than a quarter of it. */
export function shownPrefix(secret: string): string {
  return secret.slice(0, Math.min(SHOWN, Math.floor(secret.length / 4)));
}
