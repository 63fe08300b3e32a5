/** `1 step`, `2 steps`, `1,280 tokens`. */
export function count(amount: number | bigint, noun: string): string {
  return `${groupDigits(amount)} ${noun}${Number(amount) === 1 ? '' : 's'}`;
}

/** `1,280`: the same on every machine. */
export function groupDigits(amount: number | bigint): string {
  return String(amount).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
