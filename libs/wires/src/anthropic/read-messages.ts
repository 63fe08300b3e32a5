import { optionalObjects, requiredString } from '../hub/body-fields.js';
import { invalidValue, wrongType } from '../hub/input-error.js';
import type { JsonObject } from '../hub/json-object.js';
import type { ModelMessage, ModelPart } from '../hub/model-part.js';
import { readContent } from './read-content.js';

/** The messages of a request, `system` first. Results of tools, which are the user's here, get messages of their own. Throws AppError (400). */
export function readMessages(body: JsonObject): ModelMessage[] {
  const { system, messages } = body;
  if (!Array.isArray(messages)) throw wrongType('messages', 'an array of messages', messages);
  if (messages.length === 0) throw invalidValue('messages', "Invalid 'messages': expected at least one message.");
  const first = system === undefined || system === null ? [] : messageOf('system', readContent(system, 'system'), 'system');
  return [...first, ...optionalObjects(body, 'messages').flatMap(({ item, at }) => readMessage(item, at))];
}

function readMessage(message: JsonObject, at: string): ModelMessage[] {
  const role = requiredString(message, 'role', at);
  if (role !== 'user' && role !== 'assistant' && role !== 'system') throw invalidValue(`${at}.role`, `Invalid '${at}.role': expected user, assistant or system.`);
  const parts = readContent(message['content'], `${at}.content`);
  return role === 'user' ? byTurn(parts, at) : messageOf(role, parts, at);
}

/** A user's message, with the results in it apart from the rest, all in their order. */
function byTurn(parts: readonly ModelPart[], at: string): ModelMessage[] {
  const messages: { role: 'user' | 'tool'; parts: ModelPart[] }[] = [];
  for (const part of parts) {
    const role = part.kind === 'tool_result' ? 'tool' : 'user';
    const last = messages.at(-1);
    if (last?.role === role) last.parts.push(part);
    else messages.push({ role, parts: [part] });
  }
  return messages.flatMap((message) => messageOf(message.role, message.parts, at));
}

/** Nothing for a message of which nothing is left. */
function messageOf(role: ModelMessage['role'], parts: readonly ModelPart[], at: string): ModelMessage[] {
  const wrong = parts.find(({ kind }) => !ALLOWED[role].includes(kind));
  if (wrong) throw invalidValue(at, `Invalid '${at}': a message of the role ${role} cannot hold a ${wrong.kind.replace('_', ' ')}.`);
  return parts.length > 0 ? [{ role, parts }] : [];
}

const ALLOWED: Readonly<Record<ModelMessage['role'], readonly ModelPart['kind'][]>> = {
  system: ['text'],
  user: ['text', 'image', 'file'],
  assistant: ['text', 'reasoning', 'tool_call'],
  tool: ['tool_result'],
};
