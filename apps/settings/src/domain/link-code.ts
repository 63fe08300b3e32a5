/** 32 characters that nobody takes for another one: no I, O, 0 and 1. Five bits each. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const LENGTH = 8;

/** How long a code may be redeemed, milliseconds. */
export const CODE_LIFE_MS = 15 * 60_000;

/** How many wrong codes an account may send within that time of the first one, milliseconds. */
export const MOST_WRONG_CODES = 10;
export const WRONG_CODES_WITHIN_MS = 60 * 60_000;

/** A code of 40 bits from random bytes: short enough to be typed, and nobody has the tries to guess one. */
export function linkCodeFrom(random: Uint8Array): string {
  if (random.length < LENGTH) throw new RangeError(`a code is made of ${LENGTH} bytes, not ${random.length}`);
  return Array.from(random.subarray(0, LENGTH), (byte) => ALPHABET.charAt(byte & 31)).join('');
}

/** The code that somebody typed, as it was given: case, blanks and dashes do not count. Undefined for what cannot be one. */
export function typedLinkCode(text: string): string | undefined {
  const code = text.replace(/[\s-]/g, '').toUpperCase();
  return code.length === LENGTH && [...code].every((character) => ALPHABET.includes(character)) ? code : undefined;
}
