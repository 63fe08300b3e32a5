import type { AudioPart, FilePart, ImagePart } from '../hub/model-part.js';

/** A picture, a file or sound as a part of Gemini's. The type of what stands at a URL is told where its name tells it. */
export function writeMedia(part: ImagePart | FilePart | AudioPart): Record<string, unknown> {
  if (part.kind === 'audio') return { inlineData: { mimeType: AUDIO_TYPES[part.format] ?? `audio/${part.format}`, data: part.base64 } };
  const { source } = part;
  if ('base64' in source) return { inlineData: { mimeType: source.mediaType, data: source.base64 } };
  const mimeType = typeOf(source.url);
  return { fileData: { fileUri: source.url, ...(mimeType !== undefined && { mimeType }) } };
}

const AUDIO_TYPES: Readonly<Record<string, string>> = { mpeg: 'audio/mpeg', mp3: 'audio/mp3', pcm16: 'audio/pcm', m4a: 'audio/mp4' };

const TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  flac: 'audio/flac',
  ogg: 'audio/ogg',
  mp4: 'video/mp4',
  mov: 'video/mov',
  webm: 'video/webm',
};

function typeOf(url: string): string | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(URL.parse(url)?.pathname ?? '')?.[1];
  return ending === undefined ? undefined : TYPES[ending.toLowerCase()];
}
