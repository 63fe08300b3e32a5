import { checkToolCalls, type ToolCallBody } from './chat-tool-body.js';
import { invalidInput, isRecord, wrongType } from './invalid-input.js';

/** A part of a message's content, checked as far as NEXUS reads it. */
export interface ContentPartBody {
  readonly type: string;
  readonly text?: string;
  readonly refusal?: string;
  readonly image_url?: { readonly url: string };
}

/** A message of a chat body, checked as far as NEXUS reads it. */
export interface ChatBodyMessage {
  readonly role: 'developer' | 'system' | 'user' | 'assistant' | 'tool' | 'function';
  readonly content?: string | readonly ContentPartBody[] | null;
  readonly tool_calls?: readonly ToolCallBody[] | null;
  readonly tool_call_id?: string;
  readonly function_call?: unknown;
}

/** What each role's content may be made of. */
const PART_TYPES: Readonly<Record<ChatBodyMessage['role'], readonly string[]>> = {
  developer: ['text'],
  system: ['text'],
  user: ['text', 'image_url', 'input_audio', 'file'],
  assistant: ['text', 'refusal'],
  tool: ['text'],
  function: ['text'],
};

/** Throws an AppError (400) that names the first message, part or tool call that is wrong. */
export function checkMessages(messages: unknown): void {
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array of messages', messages);
  if (messages.length === 0) throw invalidInput('invalid_value', 'messages', "Invalid 'messages': expected at least one message, but got an empty array.");
  for (let i = 0; i < messages.length; i++) checkMessage(messages[i], `messages[${i}]`);
}

function checkMessage(message: unknown, at: string): void {
  if (!isRecord(message)) throw wrongType(at, 'an object', message);
  const role = message.role;
  if (typeof role !== 'string') throw wrongType(`${at}.role`, 'a string', role);
  if (!isRole(role)) {
    throw invalidInput('invalid_value', `${at}.role`, `Invalid '${at}.role': expected one of ${Object.keys(PART_TYPES).join(', ')}.`);
  }
  checkContent(message, role, at);
  if (role === 'assistant' && message.tool_calls !== undefined && message.tool_calls !== null) checkToolCalls(message.tool_calls, `${at}.tool_calls`);
  if (role === 'tool' && typeof message.tool_call_id !== 'string') throw wrongType(`${at}.tool_call_id`, 'the id of the tool call that this answers', message.tool_call_id);
}

function isRole(role: string): role is ChatBodyMessage['role'] {
  return Object.hasOwn(PART_TYPES, role);
}

function checkContent(message: Record<string, unknown>, role: ChatBodyMessage['role'], at: string): void {
  const content = message.content;
  if (typeof content === 'string') return;
  if (Array.isArray(content)) {
    if (content.length === 0) throw invalidInput('invalid_value', `${at}.content`, `Invalid '${at}.content': expected at least one part, but got an empty array.`);
    for (let i = 0; i < content.length; i++) checkPart(content[i], role, `${at}.content[${i}]`);
    return;
  }
  if (content === undefined || content === null) {
    if (role === 'function' && content === null) return;
    if (role === 'assistant' && hasOtherContent(message)) return;
  }
  throw wrongType(`${at}.content`, 'a string or an array of content parts', content);
}

/** An assistant's message may do without content when it calls tools, refuses, or spoke. */
function hasOtherContent(message: Record<string, unknown>): boolean {
  return [message.tool_calls, message.function_call, message.refusal, message.audio].some((value) => value !== undefined && value !== null);
}

function checkPart(part: unknown, role: ChatBodyMessage['role'], at: string): void {
  if (!isRecord(part)) throw wrongType(at, 'an object', part);
  const type = part.type;
  if (typeof type !== 'string') throw wrongType(`${at}.type`, 'a string', type);
  if (!PART_TYPES[role].includes(type)) {
    throw invalidInput('invalid_value', `${at}.type`, `Invalid '${at}.type': content of a ${role} message may be of type ${PART_TYPES[role].join(', ')}.`);
  }
  if (type === 'text' && typeof part.text !== 'string') throw wrongType(`${at}.text`, 'a string', part.text);
  if (type === 'refusal' && typeof part.refusal !== 'string') throw wrongType(`${at}.refusal`, 'a string', part.refusal);
  if (type === 'image_url') checkImage(part.image_url, `${at}.image_url`);
  if ((type === 'input_audio' || type === 'file') && !isRecord(part[type])) throw wrongType(`${at}.${type}`, 'an object', part[type]);
}

function checkImage(image: unknown, at: string): void {
  if (!isRecord(image)) throw wrongType(at, 'an object', image);
  if (typeof image.url !== 'string') throw wrongType(`${at}.url`, 'an https: or data: URL', image.url);
}
