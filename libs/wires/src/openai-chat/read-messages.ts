import { isUnsaid, optionalObjects, optionalString, requiredObject, requiredString } from '../hub/body-fields.js';
import { invalidValue, unsupportedValue, wrongType } from '../hub/input-error.js';
import { isObject, type JsonObject } from '../hub/json-object.js';
import type { ModelMessage, ModelPart, ToolCallPart, ToolResultPart } from '../hub/model-part.js';
import { readSignature } from './call-signature.js';
import { readContent } from './read-content.js';
import { readTexts } from './read-texts.js';

/** Reads the messages of a chat completion; results of tools that follow each other are one message. Throws AppError (400) with its `param`. */
export function readMessages(body: JsonObject): ModelMessage[] {
  if (!Array.isArray(body.messages)) throw wrongType('messages', 'an array of messages', body.messages);
  const messages: ModelMessage[] = [];
  for (const { item, at } of optionalObjects(body, 'messages')) {
    const message = readMessage(item, at);
    const last = messages.at(-1);
    if (message.role === 'tool' && last?.role === 'tool') messages[messages.length - 1] = { role: 'tool', parts: [...last.parts, ...message.parts] };
    else messages.push(message);
  }
  return messages;
}

function readMessage(message: JsonObject, at: string): ModelMessage {
  const role = requiredString(message, 'role', at);
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', parts: readContent(message, at) };
    case 'user':
      return { role, parts: readContent(message, at) };
    case 'assistant':
      return { role, parts: readAssistant(message, at) };
    case 'tool':
      return { role, parts: [readResult(message, at)] };
    case 'function':
      throw unsupportedValue(`${at}.role`, "Messages of the role 'function' are of the past: answer calls of 'tools' with messages of the role 'tool'.");
    default:
      throw invalidValue(`${at}.role`, `Invalid '${at}.role': expected system, developer, user, assistant or tool.`);
  }
}

/** In the order in which a chat completion can say it: thoughts, texts, what was refused, calls. */
function readAssistant(message: JsonObject, at: string): ModelPart[] {
  if (!isUnsaid(message.function_call)) throw unsupportedValue(`${at}.function_call`, "'function_call' is of the past: use 'tool_calls'.");
  if (!isUnsaid(message.audio)) throw unsupportedValue(`${at}.audio`, 'What a model has spoken is known only to the provider that keeps it: send its transcript as text.');
  const reasoning = readTexts({ reasoning_content: message.reasoning_content, reasoning: message.reasoning }).map(({ text }): ModelPart => ({ kind: 'reasoning', text }));
  const content = isUnsaid(message.content) ? [] : readContent(message, at);
  const refusal = optionalString(message, 'refusal', at) ?? '';
  return [...reasoning, ...content, ...(refusal === '' ? [] : [{ kind: 'refusal' as const, text: refusal }]), ...readCalls(message, at)];
}

function readCalls(message: JsonObject, at: string): ToolCallPart[] {
  return optionalObjects(message, 'tool_calls', at).map(({ item, at: place }) => {
    if (!isObject(item.function) && typeof item.type === 'string' && item.type !== 'function') {
      throw unsupportedValue(`${place}.type`, `A call of the type '${item.type}' cannot be passed on to the model that answers: use tools of the type 'function'.`);
    }
    const fn = requiredObject(item, 'function', place);
    return { kind: 'tool_call', id: requiredString(item, 'id', place), name: requiredString(fn, 'name', `${place}.function`), arguments: requiredString(fn, 'arguments', `${place}.function`), ...readSignature(item) };
  });
}

function readResult(message: JsonObject, at: string): ToolResultPart {
  const parts = readContent(message, at).map((part): ToolResultPart['parts'][number] => {
    if (part.kind === 'text' || part.kind === 'image' || part.kind === 'file') return part;
    throw unsupportedValue(`${at}.content`, 'The result of a tool may be made of text, pictures and files.');
  });
  return { kind: 'tool_result', callId: requiredString(message, 'tool_call_id', at), parts, isError: false };
}
