/** `2026-11-20 08:04:34` in UTC; empty for 0, which stands for never. */
export function utcTime(unixMs: bigint | number): string {
  return Number(unixMs) === 0 ? '' : new Date(Number(unixMs)).toISOString().slice(0, 19).replace('T', ' ');
}
