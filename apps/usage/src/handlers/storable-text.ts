/** A label as it can be stored: without NUL, which Postgres does not take, and not longer than `limit` characters. */
export function storableText(text: string, limit = 200): string {
  return text.length <= limit && !text.includes('\u0000') ? text : text.replaceAll('\u0000', '\ufffd').slice(0, limit);
}
