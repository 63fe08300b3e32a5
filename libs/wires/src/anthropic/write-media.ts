import { unsupportedValue } from '../hub/input-error.js';
import type { FilePart, ImagePart, MediaSource } from '../hub/model-part.js';
import { writeCache } from './cache-control.js';

/** The block of a picture or a document. Throws AppError `unsupported_value` (400) for a file that Anthropic does not read: it takes PDFs and text. */
export function writeMedia(part: ImagePart | FilePart, param: string): Record<string, unknown> {
  if (part.kind === 'image') return { type: 'image', source: sourceOf(part.source), ...writeCache(part.cache) };
  return { type: 'document', source: documentSource(part.source, param), ...(part.name !== undefined && { title: part.name }), ...writeCache(part.cache) };
}

function sourceOf(source: MediaSource): Record<string, unknown> {
  return 'url' in source ? { type: 'url', url: source.url } : { type: 'base64', media_type: source.mediaType, data: source.base64 };
}

function documentSource(source: MediaSource, param: string): Record<string, unknown> {
  if ('url' in source || source.mediaType === 'application/pdf') return sourceOf(source);
  if (isText(source.mediaType)) return { type: 'text', media_type: 'text/plain', data: Buffer.from(source.base64, 'base64').toString() };
  throw unsupportedValue(param, `This model takes PDFs and text as files, not ${source.mediaType}.`);
}

/** What is text goes as plain text, whatever its kind: Anthropic knows no other. */
function isText(mediaType: string): boolean {
  return mediaType.startsWith('text/') || /^application\/(?:.*\+)?(?:json|xml|yaml|x-yaml)\b/.test(mediaType);
}
