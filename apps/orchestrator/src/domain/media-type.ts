/** What stands at a place of a file, as Latin-1 text. */
interface Mark {
  readonly mediaType: string;
  readonly at: number;
  readonly text: string;
}

const MARKS: readonly Mark[] = [
  { mediaType: 'image/png', at: 0, text: '\x89PNG\r\n\x1a\n' },
  { mediaType: 'image/jpeg', at: 0, text: '\xff\xd8\xff' },
  { mediaType: 'image/gif', at: 0, text: 'GIF87a' },
  { mediaType: 'image/gif', at: 0, text: 'GIF89a' },
  { mediaType: 'image/tiff', at: 0, text: 'II*\0' },
  { mediaType: 'image/tiff', at: 0, text: 'MM\0*' },
  { mediaType: 'application/pdf', at: 0, text: '%PDF-' },
  { mediaType: 'application/gzip', at: 0, text: '\x1f\x8b' },
  { mediaType: 'application/x-7z-compressed', at: 0, text: "7z\xbc\xaf'\x1c" },
  { mediaType: 'application/vnd.rar', at: 0, text: 'Rar!\x1a\x07' },
  { mediaType: 'audio/flac', at: 0, text: 'fLaC' },
  { mediaType: 'audio/mpeg', at: 0, text: 'ID3' },
  { mediaType: 'audio/mpeg', at: 0, text: '\xff\xfb' },
  { mediaType: 'audio/mpeg', at: 0, text: '\xff\xf3' },
  { mediaType: 'audio/mpeg', at: 0, text: '\xff\xf2' },
];

/** By the brand of an ISO media file. */
const BRANDS: Readonly<Record<string, string>> = {
  avif: 'image/avif', avis: 'image/avif', heic: 'image/heic', heix: 'image/heic', hevc: 'image/heic', mif1: 'image/heif', msf1: 'image/heif', 'M4A ': 'audio/mp4', 'M4B ': 'audio/mp4', 'qt  ': 'video/quicktime',
};

/** By the folder that each has and no other. */
const OFFICE: readonly (readonly [string, string])[] = [
  ['word/', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xl/', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['ppt/', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
];

/** Bytes say that a file is text, its name which. Nothing that a browser would run is among them. */
const TEXTS: Readonly<Record<string, string>> = {
  md: 'text/markdown', markdown: 'text/markdown', csv: 'text/csv', tsv: 'text/tab-separated-values', json: 'application/json', xml: 'application/xml', yaml: 'application/yaml', yml: 'application/yaml',
};

const HEAD = 64;
/** The list of names at the end of a ZIP. */
const TAIL = 65_536;
const NO_TEXT = new Set([...Array(32).keys()].filter((code) => ![9, 10, 12, 13, 27].includes(code)));
/** A file may have 20 MiB: so many of its bytes are looked at one by one. */
const LOOKED_AT = 65_536;

/** What a file is, by its bytes; of text, its name says which kind. What is not known is `application/octet-stream`. */
export function mediaTypeOf(content: Uint8Array, name: string): string {
  const head = latin1(content.subarray(0, HEAD));
  const mark = MARKS.find(({ at, text }) => head.startsWith(text, at));
  return mark?.mediaType ?? containerOf(head, content) ?? textOf(content, name) ?? 'application/octet-stream';
}

function containerOf(head: string, content: Uint8Array): string | undefined {
  if (head.startsWith('RIFF')) return { WEBP: 'image/webp', 'WAVE': 'audio/wav', 'AVI ': 'video/x-msvideo' }[head.slice(8, 12)];
  if (head.startsWith('ftyp', 4)) return BRANDS[head.slice(8, 12)] ?? 'video/mp4';
  if (head.startsWith('OggS')) return /OpusHead|\x01vorbis|Speex/.test(head) ? 'audio/ogg' : 'application/ogg';
  if (head.startsWith('\x1a\x45\xdf\xa3')) return head.includes('webm') ? 'video/webm' : 'video/x-matroska';
  if (head.startsWith('BM') && head.startsWith('\0\0\0\0', 6)) return 'image/bmp';
  if (!head.startsWith('PK\x03\x04')) return undefined;
  const names = latin1(content.subarray(-TAIL));
  return OFFICE.find(([folder]) => names.includes(folder))?.[1] ?? 'application/zip';
}

function textOf(content: Uint8Array, name: string): string | undefined {
  if (content.includes(0) || content.subarray(0, LOOKED_AT).some((byte) => NO_TEXT.has(byte))) return undefined;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return undefined;
  }
  const ending = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(TEXTS, ending) ? TEXTS[ending] : 'text/plain';
}

function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
