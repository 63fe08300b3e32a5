import { randomBytes } from 'node:crypto';

/** Random bytes are taken from the system in portions: one at a time costs more than what they are for. */
let portion = '';
let taken = 0;

/** So many random bytes (at most 6,144) as lower-case hex, from the system's secure source. */
export function randomHex(bytes: number): string {
  if (taken + 2 * bytes > portion.length) {
    portion = randomBytes(6_144).toString('hex');
    taken = 0;
  }
  taken += 2 * bytes;
  return portion.slice(taken - 2 * bytes, taken);
}
