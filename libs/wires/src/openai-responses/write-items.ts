import { assertExhaustive } from '@nexus/core';
import { said } from '../hub/json-object.js';
import type { ModelMessage, ModelPart, ReasoningPart, ToolCallPart, ToolResultPart } from '../hub/model-part.js';
import type { ModelRequest } from '../hub/model-request.js';
import { freeformInput } from './freeform.js';
import { ownSignature } from './signature.js';
import { writeContent } from './write-content.js';

type Item = Record<string, unknown>;

/** `instructions` and `input`: the first message of the system, if it is plain text, and all others. */
export function writeInput({ messages, tools }: Pick<ModelRequest, 'messages' | 'tools'>): { readonly instructions?: string; readonly input: readonly Item[] } {
  const freeform = new Set(tools.flatMap((tool) => (tool.freeform ? [tool.name] : [])));
  const [first, ...others] = messages;
  const [text, ...more] = first?.role === 'system' ? first.parts : [];
  const instructions = text?.kind === 'text' && more.length === 0 ? text.text : undefined;
  const calls = messages.flatMap(({ parts }) => parts.filter((part) => part.kind === 'tool_call'));
  const freeformCalls = new Set(calls.filter(({ name }) => freeform.has(name)).map(({ id }) => id));
  const rest = instructions === undefined ? messages : others;
  return { ...(instructions !== undefined && { instructions }), input: rest.flatMap((message) => writeMessage(message, freeformCalls)) };
}

function writeMessage({ role, parts }: ModelMessage, freeformCalls: ReadonlySet<string>): Item[] {
  switch (role) {
    case 'system':
    case 'user':
      return [{ type: 'message', role, content: writeContent(parts) }];
    case 'assistant':
      return writeTurn(parts, freeformCalls);
    case 'tool': {
      const results = parts.filter((part) => part.kind === 'tool_result').map((part) => writeResult(part, freeformCalls));
      const others = parts.filter((part) => part.kind !== 'tool_result');
      return [...results, ...(others.length > 0 ? [{ type: 'message', role: 'user', content: writeContent(others) }] : [])];
    }
    default:
      return assertExhaustive(role);
  }
}

/** The items of a turn in its order; texts that follow each other are one message. Thoughts that OpenAI cannot know are left out. */
function writeTurn(parts: readonly ModelPart[], freeformCalls: ReadonlySet<string>): Item[] {
  const items: Item[] = [];
  let texts: ModelPart[] = [];
  const endMessage = (): void => {
    if (texts.length > 0) items.push({ type: 'message', role: 'assistant', content: writeSpoken(texts) });
    texts = [];
  };
  for (const part of parts) {
    if (part.kind === 'text' || part.kind === 'refusal') {
      texts.push(part);
    } else {
      endMessage();
      if (part.kind === 'reasoning') items.push(...writeThought(part));
      else if (part.kind === 'tool_call') items.push(writeCall(part, freeformCalls));
    }
  }
  endMessage();
  return items;
}

/** One text is a string; an array would need the id that OpenAI gave the message. */
function writeSpoken(parts: readonly ModelPart[]): string | Item[] {
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'text') return first.text;
  return parts.flatMap((part): Item[] => {
    if (part.kind === 'refusal') return [{ type: 'refusal', refusal: part.text }];
    return part.kind === 'text' ? [{ type: 'output_text', text: part.text, annotations: [] }] : [];
  });
}

function writeThought({ text, signature }: ReasoningPart): Item[] {
  const own = ownSignature(signature);
  if (!own) return [];
  return [said({ type: 'reasoning', id: own.id === '' ? undefined : own.id, summary: text === '' ? [] : [{ type: 'summary_text', text }], encrypted_content: own.encrypted })];
}

/** Who reads it parses the arguments: a call without any has an empty object. */
function writeCall({ id, name, arguments: args }: ToolCallPart, freeformCalls: ReadonlySet<string>): Item {
  if (freeformCalls.has(id)) return { type: 'custom_tool_call', call_id: id, name, input: freeformInput(args) };
  return { type: 'function_call', call_id: id, name, arguments: args === '' ? '{}' : args };
}

function writeResult({ callId, parts }: ToolResultPart, freeformCalls: ReadonlySet<string>): Item {
  return { type: freeformCalls.has(callId) ? 'custom_tool_call_output' : 'function_call_output', call_id: callId, output: writeContent(parts) };
}
