import { optionalObjects, optionalString, requiredString } from '../hub/body-fields.js';
import { invalidValue, unsupportedValue, wrongType } from '../hub/input-error.js';
import { objectsOf, stringOf, type JsonObject } from '../hub/json-object.js';
import type { ModelMessage, ModelPart, ReasoningPart, ToolCallPart, ToolResultPart } from '../hub/model-part.js';
import { freeformArguments, nameInNamespace } from './freeform.js';
import { readContent } from './read-content.js';
import { readSignature } from './signature.js';

/** An item of the input, and whether it is a message of its own or a part of the turn before it. */
interface ReadItem {
  readonly message: ModelMessage;
  readonly isMessage: boolean;
}

/**
 * Reads `instructions` and `input`. What a model did in one turn (thoughts, a message, calls) is one message, and so are the results of its
 * calls; a message right behind another one is a message of its own. Throws AppError (400) with its `param`.
 */
export function readInput(body: JsonObject): ModelMessage[] {
  const instructions = optionalString(body, 'instructions') ?? '';
  const messages: ModelMessage[] = instructions === '' ? [] : [{ role: 'system', parts: [{ kind: 'text', text: instructions }] }];
  if (typeof body.input === 'string') return [...messages, { role: 'user', parts: readContent({ content: body.input }, 'content', 'input') }];
  if (!Array.isArray(body.input)) throw wrongType('input', 'a text or an array of items', body.input);
  let endsWithMessage = true;
  for (const { item, at } of optionalObjects(body, 'input')) {
    const read = readItem(item, at);
    if (!read) continue;
    const { message, isMessage } = read;
    const last = messages.at(-1);
    const joins = last?.role === message.role && (message.role === 'tool' || (message.role === 'assistant' && !(isMessage && endsWithMessage)));
    if (joins) messages[messages.length - 1] = { role: last.role, parts: [...last.parts, ...message.parts] };
    else messages.push(message);
    endsWithMessage = isMessage;
  }
  return messages;
}

/** What OpenAI did by itself on the way to an answer that is there: nobody else can read it, and the answer says what came of it. */
const HOSTED_TRACES = new Set(['web_search_call', 'file_search_call', 'code_interpreter_call', 'image_generation_call', 'mcp_list_tools', 'mcp_call']);

function readItem(item: JsonObject, at: string): ReadItem | undefined {
  const type = optionalString(item, 'type', at) ?? 'message';
  switch (type) {
    case 'message':
      return { message: readMessage(item, at), isMessage: true };
    case 'reasoning':
      return ofTurn(readReasoning(item));
    case 'function_call':
      return ofTurn([readCall(item, requiredString(item, 'arguments', at), at)]);
    case 'custom_tool_call':
      return ofTurn([readCall(item, freeformArguments(requiredString(item, 'input', at)), at)]);
    case 'function_call_output':
    case 'custom_tool_call_output':
      return { message: { role: 'tool', parts: [readResult(item, at)] }, isMessage: false };
    case 'item_reference':
      throw unsupportedValue(`${at}.type`, 'NEXUS keeps no items of responses: send the item itself instead of a reference to it.');
    default:
      if (HOSTED_TRACES.has(type)) return undefined;
      throw unsupportedValue(`${at}.type`, `An item of the type '${type}' cannot be passed on to the model that answers: leave it out, or ask a model of OpenAI.`);
  }
}

function ofTurn(parts: readonly ModelPart[]): ReadItem | undefined {
  return parts.length === 0 ? undefined : { message: { role: 'assistant', parts }, isMessage: false };
}

function readMessage(item: JsonObject, at: string): ModelMessage {
  const role = requiredString(item, 'role', at);
  const parts = readContent(item, 'content', at);
  if (role === 'system' || role === 'developer') return { role: 'system', parts };
  if (role === 'user' || role === 'assistant') return { role, parts };
  throw invalidValue(`${at}.role`, `Invalid '${at}.role': expected system, developer, user or assistant.`);
}

function readCall(item: JsonObject, args: string, at: string): ToolCallPart {
  const name = nameInNamespace(optionalString(item, 'namespace', at), requiredString(item, 'name', at));
  return { kind: 'tool_call', id: requiredString(item, 'call_id', at), name, arguments: args };
}

function readResult(item: JsonObject, at: string): ToolResultPart {
  const parts = readContent(item, 'output', at).filter((part) => part.kind !== 'refusal');
  return { kind: 'tool_result', callId: requiredString(item, 'call_id', at), parts, isError: false };
}

/** A thought of which there is neither a word nor a proof is none. */
export function readReasoning(item: JsonObject): ReasoningPart[] {
  const text = thoughtOf(item);
  const proof = readSignature(item);
  return text === '' && proof.signature === undefined ? [] : [{ kind: 'reasoning', text, ...proof }];
}

/** The thoughts themselves where a model shows them, else their summary; its paragraphs with a blank line between. */
function thoughtOf({ content, summary }: JsonObject): string {
  const thoughts = objectsOf(content).length > 0 ? content : summary;
  return objectsOf(thoughts).map(({ text }) => stringOf(text)).join('\n\n');
}
