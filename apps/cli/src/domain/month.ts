/** First and last day of a month written as 2026-11; undefined when it is none. */
export function daysOfMonth(month: string): { readonly from: string; readonly to: string } | undefined {
  const [, year = '', number = ''] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month) ?? [];
  if (year === '') return undefined;
  const last = new Date(Date.UTC(Number(year), Number(number), 0));
  return { from: `${month}-01`, to: last.toISOString().slice(0, 10) };
}

/** The day after, both YYYY-MM-DD. */
export function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
