/** Bytes in which HTML must declare its encoding. */
const SNIFFED_BYTES = 1_024;

/**
 * Bytes as text. The encoding is, in this order: a byte order mark, the `charset` of the content type, `<meta charset>` near
 * the beginning, UTF-8. Unknown encodings count as UTF-8; invalid bytes become U+FFFD. Never throws.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string {
  const declared = charset ?? /<meta[^>]+charset\s*=\s*["']?([\w:.-]+)/i.exec(Buffer.from(bytes.subarray(0, SNIFFED_BYTES)).toString('latin1'))?.[1];
  const label = markOf(bytes) ?? declared ?? 'utf-8';
  return new TextDecoder(isKnown(label) ? label : 'utf-8').decode(bytes);
}

function markOf([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xff && second === 0xfe ? 'utf-16le' : undefined;
}

function isKnown(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== '';
  } catch {
    return false;
  }
}
