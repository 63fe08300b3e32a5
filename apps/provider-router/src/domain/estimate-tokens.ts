/** Bytes of UTF-8 that one token stands for, on average over languages and code. */
const BYTES_PER_TOKEN = 4;

/** About how many tokens `text` is, rounded up. For what a provider did not count itself; never for a price that it did tell. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}
