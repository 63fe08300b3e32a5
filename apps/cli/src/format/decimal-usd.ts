/** USD of micro-USD as a decimal without a sign of the currency: `12.345678`, always six digits behind the point, exact. */
export function decimalUsd(microUsd: bigint): string {
  const digits = (microUsd < 0n ? -microUsd : microUsd).toString().padStart(7, '0');
  return `${microUsd < 0n ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
