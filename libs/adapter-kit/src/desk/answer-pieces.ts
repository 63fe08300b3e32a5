import { Outcome, type ProcessedRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { plain, type Formatted } from '../formatted.js';
import { fromMarkdown } from '../formatting/from-markdown.js';
import { splitFormatted } from '../formatting/split-formatted.js';
import { insist } from '../insist.js';
import { STOPPED, sentenceFor } from '../sentences.js';
import type { OutgoingFile, Piece, SurfaceCapabilities } from '../surface.js';
import type { AdapterTransport } from '../transport/adapter-transport.js';

/** About twenty seconds: so long a service of NEXUS may be away while it is started again. */
const FILE_TRIES = 10;
const FILE = /^nexus:file\//;
const DATA = /^data:([\w.+-]+\/[\w.+-]+)?(;base64)?,/;

/** A file of an answer that is to be shown as one. */
export interface FileToFetch {
  readonly uri: string;
  readonly name: string;
  readonly mediaType: string;
}

/** An answer in the pieces in which a surface shows it: the same answer always gives as many. */
export interface AnswerPieces {
  readonly texts: readonly Formatted[];
  readonly files: readonly FileToFetch[];
}

/** What a surface shows of an answer. */
export function answerPieces(answer: ProcessedRequest, capabilities: SurfaceCapabilities): AnswerPieces {
  const all = filesOf(answer);
  const files = all.filter((file) => isFetched(file) && mayShow(file, capabilities));
  const links = all.filter((file) => !files.includes(file)).map(({ name, uri }) => (/^https?:/.test(uri) ? `[${name}](${uri})` : `(A file that cannot be shown here: ${name})`));
  const text = [textOf(answer), ...links].filter((part) => part !== '').join('\n\n');
  const texts = textPieces(text, capabilities);
  return { texts: texts.length === 0 && files.length === 0 ? [plain('(The answer is empty.)')] : texts, files };
}

/** Markdown as pieces for this surface. */
export function textPieces(markdown: string, { markdown: hasStyles, maxTextLength, lengthOf }: SurfaceCapabilities): readonly Formatted[] {
  const text = markdown.toWellFormed();
  return splitFormatted(hasStyles ? fromMarkdown(text) : plain(text), maxTextLength, lengthOf);
}

/** The piece of a file; where it cannot be fetched, a sentence that says so. Rejects only when the adapter stops. */
export async function filePiece(file: FileToFetch, transport: AdapterTransport, { maxFileBytes }: SurfaceCapabilities, signal: AbortSignal): Promise<Piece> {
  try {
    const fetched = await insist(() => fetchFile(file, transport), { signal, tries: FILE_TRIES, triesOfUnknown: 2 });
    if (fetched.content.length > maxFileBytes) throw new AppError('file_too_large', 'It is too large for this place.', { status: 413 });
    return { content: plain(''), file: fetched };
  } catch (error) {
    if (signal.aborted) throw error;
    return { content: plain(`(The file ${file.name} cannot be shown. ${AppError.from(error).message})`) };
  }
}

function textOf({ outcome, text, error, citations, choices }: ProcessedRequest): string {
  if (outcome === Outcome.CANCELLED) return STOPPED;
  if (outcome !== Outcome.ANSWERED) return sentenceFor(error);
  const sources = citations.map(({ title, url }, place) => `${place + 1}. [${title || url}](${url})`);
  return [text, choices.map(({ label }) => `- ${label}`).join('\n'), sources.length === 0 ? '' : `Sources:\n\n${sources.join('\n')}`].filter((part) => part !== '').join('\n\n');
}

function filesOf({ parts, files }: ProcessedRequest): readonly FileToFetch[] {
  const images = parts.flatMap(({ kind }) => (kind.case === 'image' ? [{ uri: kind.value.url, mediaType: kind.value.mediaType || 'image/png', name: 'image' }] : []));
  return [...images, ...files.map(({ uri, mediaType, name }) => ({ uri, mediaType, name: name || 'file' }))];
}

const isFetched = ({ uri }: FileToFetch): boolean => FILE.test(uri) || DATA.test(uri);

const mayShow = ({ mediaType }: FileToFetch, { images, files }: SurfaceCapabilities): boolean => (mediaType.startsWith('image/') ? images || files : files);

async function fetchFile({ uri, name, mediaType }: FileToFetch, transport: AdapterTransport): Promise<OutgoingFile> {
  const inline = DATA.exec(uri);
  if (inline === null) {
    const fetched = await transport.getFile(uri);
    return { name: name === 'file' || name === 'image' ? fetched.name : name, mediaType: fetched.mediaType || mediaType, content: fetched.content };
  }
  const [head, type, isBase64] = inline;
  const body = uri.slice(head.length);
  const content = isBase64 === undefined ? Buffer.from(decodeURIComponent(body)) : Buffer.from(body, 'base64');
  const kind = type ?? mediaType;
  return { name: `${name}.${kind.replace(/^.*\//, '').replace(/\+.*$/, '')}`, mediaType: kind, content };
}
