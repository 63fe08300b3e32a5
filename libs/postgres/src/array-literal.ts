/**
 * A Postgres array literal of values that need no quotes: UUIDs, integers, booleans. Ten times cheaper than the driver's own, which
 * quotes each element. Not for text.
 */
export function plainArray(values: readonly (string | number | bigint | boolean)[]): string {
  return `{${values.join(',')}}`;
}

const NEEDS_QUOTES = /[^A-Za-z0-9_.:/@+-]/;

/** A Postgres array literal of texts; undefined becomes NULL. */
export function textArray(values: readonly (string | undefined)[]): string {
  let literal = '{';
  for (let index = 0; index < values.length; index++) {
    if (index > 0) literal += ',';
    literal += element(values[index]);
  }
  return `${literal}}`;
}

function element(value: string | undefined): string {
  if (value === undefined) return 'NULL';
  if (value !== '' && !NEEDS_QUOTES.test(value) && !/^null$/i.test(value)) return value;
  return `"${value.replace(/["\\]/g, '\\$&')}"`;
}
