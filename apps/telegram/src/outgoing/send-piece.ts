import type { Formatted, OutgoingFile, Piece } from '@nexus/adapter-kit';
import { InputFile, InputMediaBuilder, type Api } from 'grammy';
import { failureOf } from '../call-failure.js';
import { toEntities } from './to-entities.js';

/** Telegram's limit for the text of a message, and for that beside a file; UTF-16 code units. */
export const MOST_TEXT = 4_096;
const MOST_CAPTION = 1_024;
/** Telegram shows larger pictures as files only. */
const MOST_PHOTO = 10 * 1_024 * 1_024;
/** Telegram refuses to post nothing. */
const NOTHING: Formatted = { text: '…', spans: [] };

const PHOTO_TYPES = new Set(['image/jpeg', 'image/png', 'image/webp']);
const REFUSED_PHOTO = /photo_|image_process_failed|wrong type of the web page content|wrong file/i;

/** Where a message is posted. */
export interface Target {
  readonly chatId: string;
  readonly threadId: number | undefined;
  readonly replyTo: number | undefined;
}

/** Posts a piece as one message; resolves with its id. A text that is too long for a file's caption loses what is beyond. */
export async function sendPiece(api: Api, { chatId, threadId, replyTo }: Target, piece: Piece): Promise<number> {
  const where = {
    ...(threadId !== undefined && { message_thread_id: threadId }),
    ...(replyTo !== undefined && { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
  };
  const { file } = piece;
  if (file === undefined) return (await api.sendMessage(chatId, textOf(piece.content).text, { ...where, ...textOf(piece.content).options })).message_id;
  const caption = captionOf(piece.content);
  const asDocument = async (): Promise<number> => (await api.sendDocument(chatId, upload(file), { ...where, ...caption })).message_id;
  if (!isPhoto(file)) return asDocument();
  return orElse(async () => (await api.sendPhoto(chatId, upload(file), { ...where, ...caption })).message_id, asDocument);
}

/** Makes a message say this piece instead: a file too may take the place of a text. */
export async function editToPiece(api: Api, chatId: string, messageId: number, { content, file }: Piece): Promise<void> {
  if (file === undefined) {
    await api.editMessageText(chatId, messageId, textOf(content).text, textOf(content).options);
    return;
  }
  const caption = captionOf(content);
  const asDocument = async (): Promise<unknown> => api.editMessageMedia(chatId, messageId, InputMediaBuilder.document(upload(file), caption));
  if (!isPhoto(file)) await asDocument();
  else await orElse(async () => api.editMessageMedia(chatId, messageId, InputMediaBuilder.photo(upload(file), caption)), asDocument);
}

function textOf(given: Formatted): { text: string; options: { entities: ReturnType<typeof toEntities>; link_preview_options: { is_disabled: true } } } {
  const content = given.text.trim() === '' ? NOTHING : given;
  return { text: content.text, options: { entities: toEntities(content), link_preview_options: { is_disabled: true } } };
}

function captionOf({ text, spans }: Formatted): { caption: string; caption_entities: ReturnType<typeof toEntities> } {
  const caption = text.length <= MOST_CAPTION ? text : `${text.slice(0, MOST_CAPTION - 1).toWellFormed().replaceAll('\ufffd', '')}…`;
  return { caption, caption_entities: toEntities({ text: caption, spans }) };
}

/** A file of its own for every attempt: grammY reads it once. */
function upload({ content, name }: OutgoingFile): InputFile {
  return new InputFile(content, name);
}

function isPhoto({ mediaType, content }: OutgoingFile): boolean {
  return PHOTO_TYPES.has(mediaType) && content.length <= MOST_PHOTO;
}

/** A picture whose form Telegram does not like goes as a file. */
async function orElse<T>(asPhoto: () => Promise<T>, asDocument: () => Promise<T>): Promise<T> {
  try {
    return await asPhoto();
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind === 'refused' && REFUSED_PHOTO.test(failure.reason)) return asDocument();
    throw error;
  }
}
