import { create } from '@bufbuild/protobuf';
import { IncomingRequestSchema, Progress, fileIdOf, type IncomingRequest } from '@nexus/contracts';
import { toChatMessages } from './agent-messages.js';
import { API_SURFACE } from './agent-request.js';
import { checkMessages, type ChatBodyMessage } from './chat-message-body.js';
import { invalidInput, isRecord, wrongType } from './invalid-input.js';

/** What POST /v1/threads/{id}/runs takes, besides what is said. */
export interface RunOptions {
  readonly agent: string;
  readonly model: string;
  readonly timezone: string;
  readonly locale: string;
}

/**
 * A message of a thread as the request of a run. Said is either `content` (text, or parts of text and images by https: URL or as stored files), which
 * follows on the thread's own messages, or `messages`, which stand in their place. Its live parts are always asked for: who will
 * stream it later is not known yet. Throws an AppError (400) that names what is wrong.
 */
export function toRunRequest(threadId: string, said: { readonly content?: unknown; readonly messages?: unknown }, options: RunOptions): IncomingRequest {
  if ((said.content === undefined) === (said.messages === undefined)) {
    throw invalidInput('invalid_value', 'content', "Send either 'content' or 'messages'.");
  }
  return create(IncomingRequestSchema, {
    threadId,
    surface: API_SURFACE,
    agent: options.agent,
    model: options.model,
    timezone: options.timezone,
    locale: options.locale,
    progress: Progress.PARTS,
    abilities: { markdown: true, images: true, files: true, choices: true },
    ...(said.content === undefined ? { history: history(said.messages) } : messageOf(said.content)),
  });
}

function history(messages: unknown): IncomingRequest['history'] {
  checkMessages(messages);
  return toChatMessages(messages as readonly ChatBodyMessage[]);
}

function messageOf(content: unknown): { text: string; attachments: { uri: string; mediaType: string }[] } {
  if (typeof content === 'string') {
    if (content.trim() === '') throw invalidInput('invalid_value', 'content', "Invalid 'content': it says nothing.");
    return { text: content, attachments: [] };
  }
  if (!Array.isArray(content) || content.length === 0) throw wrongType('content', 'a string or an array of content parts', content);
  const texts: string[] = [];
  const attachments: { uri: string; mediaType: string }[] = [];
  content.forEach((part: unknown, i) => {
    const at = `content[${i}]`;
    if (!isRecord(part)) throw wrongType(at, 'an object', part);
    if (part.type === 'text' && typeof part.text === 'string') texts.push(part.text);
    else if (part.type === 'image_url' && isRecord(part.image_url)) attachments.push({ uri: imageUri(part.image_url.url, at), mediaType: ANY_IMAGE });
    else throw invalidInput('unsupported_value', `${at}.type`, `Invalid '${at}': expected {type: "text", text} or {type: "image_url", image_url: {url}}.`);
  });
  return { text: texts.join('\n'), attachments };
}

/** What a client says of a picture is only that it is one. */
const ANY_IMAGE = 'image/*';

/** Content is carried by reference: a data: URL would be carried inside. */
function imageUri(url: unknown, at: string): string {
  if (typeof url !== 'string' || !(url.startsWith('https://') || fileIdOf(url) !== undefined)) {
    throw invalidInput('unsupported_value', `${at}.image_url.url`, `Invalid '${at}.image_url.url': a thread keeps images by their https: URL, or by the uri of a stored file (POST /files).`);
  }
  return url;
}
