// Texts of mixed words, so that Postgres does not compress them to nothing; the same sequence in every process.
let seed = 12345;
const random = (below) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % below;
const letters = 'etaoinshrdlucmfwypvbgkqjxz';

/** `length` characters of words. */
export function prose(length) {
  let text = '';
  while (text.length < length) {
    for (let i = 3 + random(6); i > 0; i--) text += letters[Math.min(random(26), random(26))];
    text += ' ';
  }
  return text.slice(0, length);
}
