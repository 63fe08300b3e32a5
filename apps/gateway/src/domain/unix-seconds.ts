/** Unix milliseconds as the whole seconds that OpenAI's objects carry. */
export function toUnixSeconds(milliseconds: bigint | number): number {
  return Math.floor(Number(milliseconds) / 1_000);
}
