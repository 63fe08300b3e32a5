import { invalidValue } from './input-error.js';
import type { MediaSource } from './model-part.js';

const DATA_URL = /^data:([^,]*);base64,(.*)$/s;

/** Reads an https: (or http:) URL, or a data: URL with base64. Throws AppError `invalid_value` (400) for any other. */
export function readMediaUrl(url: string, param: string): MediaSource {
  if (/^https?:\/\//i.test(url)) return { url };
  const [, mediaType, base64] = DATA_URL.exec(url) ?? [];
  if (mediaType === undefined || base64 === undefined) throw invalidValue(param, `Invalid '${param}': expected an https: URL, or a data: URL with base64.`);
  return { base64, mediaType };
}

/** The URL of what stands somewhere, or a data: URL of bytes. */
export function writeMediaUrl(source: MediaSource): string {
  return 'url' in source ? source.url : `data:${source.mediaType};base64,${source.base64}`;
}
