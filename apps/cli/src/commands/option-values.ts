import { InvalidArgumentError, Option } from 'commander';

/** Reads an option that is a whole number within limits. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** An option that may be given several times, or once with commas; `usual` is told as what holds without it. */
export function severalOf(flags: string, description: string, usual: string): Option {
  const collect = (text: string, before: readonly string[]): readonly string[] => [...before, ...text.split(',').map((part) => part.trim()).filter((part) => part !== '')];
  return new Option(flags, `${description}; again or with commas for several`).argParser(collect).default([], usual);
}

/** Reads a day as YYYY-MM-DD. */
export function day(text: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(Date.parse(text))) throw new InvalidArgumentError('It must be a day such as 2026-11-20.');
  return text;
}

/** Reads a month as YYYY-MM. */
export function month(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('It must be a month such as 2026-11.');
  return text;
}

/** Reads an amount of USD exactly, as micro-USD. */
export function microUsd(text: string): bigint {
  const [, whole = '', fraction = ''] = /^(\d{1,6})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === '') throw new InvalidArgumentError('It must be an amount of USD such as 0.00123, with six decimals at most.');
  return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'));
}
