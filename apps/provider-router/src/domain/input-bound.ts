import { AppError, type TokenPrice } from '@nexus/core';
import { isObject, type Body } from './asked-call.js';

/** Tokens beyond the bytes of the body that a provider may count: message framing, tool preambles. */
const INPUT_OVERHEAD = 512;
/** The dearest picture of the providers' published rules (a large image at high detail); its bytes say nothing about its tokens. */
const TOKENS_PER_IMAGE = 50_000;
/** More than any model reads: for what is not in the body, where nobody says how much a model reads. */
const LONGEST_INPUT = 10_000_000;
/** The ledger takes no more. */
const MOST_TOKENS = 100_000_000;

/** What a provider does by itself before it answers: each time it reads everything again. */
export interface Rounds {
  readonly most: number;
  /** Of these, searches that have a price of their own. */
  readonly searches: number;
}

/** A body, and what is to be known beside it to bound its input. */
export interface Input {
  readonly body: Body;
  readonly bytes: number;
  readonly rounds: Rounds;
  /** The provider reads more than the body: a response or a prompt that it keeps. */
  readonly isMoreThanBody: boolean;
}

/**
 * An upper bound of the tokens that are charged as input, whatever the provider's tokenizer: no tokenizer makes more tokens than there
 * are bytes, pictures are as dear as they can be whatever their bytes, and what is not in the body fills all that the model can read.
 */
export function mostInputTokens({ body, bytes, rounds, isMoreThanBody }: Input, contextWindow: number | undefined): number {
  const media = { images: 0, imageBytes: 0, hasFiles: false };
  for (const field of ['messages', 'input', 'contents']) countMedia(body[field], media);
  const window = contextWindow ?? LONGEST_INPUT;
  const once = isMoreThanBody || media.hasFiles || rounds.most > 0 ? window : Math.min(bytes - media.imageBytes + INPUT_OVERHEAD + TOKENS_PER_IMAGE * media.images, contextWindow ?? MOST_TOKENS);
  return Math.min(once * (1 + rounds.most), MOST_TOKENS);
}

/**
 * What searches may cost beyond the first, in tokens of input, in which everything that does not depend on the output is reserved: the ledger sets one
 * piece aside by itself for a price that has them. Throws AppError `unsupported_value` (400) where they have no price.
 */
export function searchesAsTokens({ searches }: Rounds, price: TokenPrice): number {
  if (searches === 0 || price.request === 0 || isFree(price)) return 0;
  if (price.request === undefined || price.input === 0) {
    throw new AppError('unsupported_value', 'What a search of this model costs is not known, so it could not be kept inside a budget. Give the model a price with input and request in providers.yaml.', { status: 400, param: 'tools' });
  }
  return Math.min(Math.ceil(((searches - 1) * price.request) / price.input), MOST_TOKENS);
}

function isFree({ input, output, request = 0 }: TokenPrice): boolean {
  return input === 0 && output === 0 && request === 0;
}

/** Items of a conversation that a provider keeps, so that a request may hold no more than their names. Thoughts that it keeps are not sent. */
const KEPT_ITEMS: ReadonlySet<unknown> = new Set(['compaction', 'code_interpreter_call', 'file_search_call', 'mcp_call', 'mcp_list_tools', 'image_generation_call']);

/** True when a provider puts in the place of something in the body what it keeps under that name. */
export function readsKept(body: Body): boolean {
  const { input, messages, extra_body: extra } = body;
  if (isObject(extra) && isObject(extra['google']) && extra['google']['cached_content'] !== undefined) return true;
  if (Array.isArray(input) && input.some(isKeptItem)) return true;
  return Array.isArray(messages) && messages.some((message: unknown) => isObject(message) && isObject(message['audio']) && message['audio']['id'] !== undefined);
}

function isKeptItem(item: unknown): boolean {
  if (!isObject(item)) return false;
  const { type, id, role, encrypted_content: content } = item;
  if (type === undefined || type === null) return typeof id === 'string' && role === undefined;
  return type === 'item_reference' || (KEPT_ITEMS.has(type) && typeof id === 'string' && typeof content !== 'string');
}

interface Media {
  images: number;
  /** Of the body, that are pictures: they are charged by their size in pixels. */
  imageBytes: number;
  hasFiles: boolean;
}

/** Types of content whose tokens are no more than its bytes. */
const COUNTED_BY_BYTES: ReadonlySet<unknown> = new Set([
  'text', 'input_text', 'output_text', 'summary_text', 'reasoning_text', 'refusal', 'input_audio', 'thinking', 'redacted_thinking', 'tool_use', 'server_tool_use', 'search_result', 'web_search_tool_result',
]);
const FILES: ReadonlySet<unknown> = new Set(['file', 'input_file', 'document', 'video_url', 'input_video']);

/** Looks into messages, their parts, and the results of tools in them. */
function countMedia(value: unknown, media: Media): void {
  if (!Array.isArray(value)) return;
  for (const item of value as unknown[]) {
    if (!isObject(item)) continue;
    for (const field of ['content', 'output', 'parts'] as const) if (Array.isArray(item[field])) countParts(item[field] as unknown[], media);
    if (isObject(item['output'])) countParts([item['output']], media); // what a computer shows
  }
}

function countParts(parts: readonly unknown[], media: Media): void {
  for (const part of parts) {
    if (!isObject(part)) continue;
    const { type } = part;
    if ('kind' in part) countHubPart(part, media);
    else if (type === undefined) countGeminiPart(part, media);
    else if (type === 'tool_result') countMedia([part], media);
    else if (FILES.has(type)) countFile(part, media);
    else if (!COUNTED_BY_BYTES.has(type)) countImage(part, media);
  }
}

/** Where the wires have the bytes of a picture: what is there otherwise is short. */
function countImage(part: Body, media: Media): void {
  const { source, image_url: url } = part;
  const data = isObject(source) ? (source['data'] ?? source['base64']) : isObject(url) ? url['url'] : url;
  media.images++;
  if (typeof data !== 'string') return;
  if (/^data:(?!image\/)/i.test(data)) media.hasFiles = true; // some read a PDF where a picture should be
  else media.imageBytes += data.length;
}

/** The text of a document is as long as it is; a PDF unfolds into pages. */
function countFile(part: Body, media: Media): void {
  const { source } = part;
  if (isObject(source) && source['type'] === 'content') countMedia([source], media);
  else if (!isObject(source) || source['type'] !== 'text') media.hasFiles = true;
}

function countHubPart(part: Body, media: Media): void {
  const { kind } = part;
  if (kind === 'image') countImage(part, media);
  else if (kind === 'file') media.hasFiles = true;
  else if (kind === 'tool_result') countMedia([part], media);
}

function countGeminiPart(part: Body, media: Media): void {
  const blob = part['inlineData'] ?? part['fileData'];
  if (isObject(part['functionResponse'])) countMedia([part['functionResponse']], media);
  if (!isObject(blob)) return;
  const mediaType = typeof blob['mimeType'] === 'string' ? blob['mimeType'] : '';
  if (mediaType.startsWith('image/')) countImage({ source: blob }, media);
  else if (!mediaType.startsWith('audio/') || 'fileData' in part) media.hasFiles = true;
}
