/** Milliseconds to wait by a provider's `retry-after-ms` or `retry-after` (seconds or a date); undefined when neither is readable. */
export function parseRetryAfter(retryAfterMs: string | undefined, retryAfter: string | undefined, now: number): number | undefined {
  const exact = number(retryAfterMs);
  if (exact !== undefined) return Math.ceil(exact);
  const seconds = number(retryAfter);
  if (seconds !== undefined) return Math.ceil(seconds * 1_000);
  // Date.parse takes "-5" for a year; a date of HTTP has the names of its day and month in it.
  const date = retryAfter !== undefined && /[a-z]{3}/i.test(retryAfter) ? Date.parse(retryAfter) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function number(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\d{1,12}(\.\d{1,6})?\s*$/.test(text) ? Number(text) : undefined;
}
