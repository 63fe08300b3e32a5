const encoder = new TextEncoder();

/** The longest beginning of `text` that takes at most `maxBytes` bytes in UTF-8; never ends inside a character. */
export function cutUtf8(text: string, maxBytes: number): string {
  // A UTF-16 unit takes at most three bytes, so short texts need no encoding to be measured.
  if (text.length * 3 <= maxBytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(Math.max(0, maxBytes)));
  return text.slice(0, read);
}
