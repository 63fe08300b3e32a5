/** Letters and digits that one token holds at most, as in the vocabularies of real models on average. */
const PIECE = /[\p{L}\p{N}]{1,5}|[^\s\p{L}\p{N}]/gu;

/** The pieces that count as tokens: runs of up to five letters or digits, and each other sign. An approximation of a real tokenizer. */
export function countTokens(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(PIECE)) count++;
  return count;
}

/** The longest beginning of a text that has at most `limit` tokens. */
export function firstTokens(text: string, limit: number): string {
  let count = 0;
  for (const match of text.matchAll(PIECE)) if (++count > limit) return text.slice(0, match.index);
  return text;
}
