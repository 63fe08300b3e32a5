import { isObject, objectOf, objectsOf, stringOf, type JsonObject } from '../hub/json-object.js';
import type { ReadAnswer } from '../hub/model-answer.js';
import type { ModelPart } from '../hub/model-part.js';
import { nameOf } from '../openai-chat/read-answer.js';
import { readFinishReason } from './finish-reason.js';
import { freeformArguments, nameInNamespace } from './freeform.js';
import { readReasoning } from './read-items.js';
import { readUsage } from './read-usage.js';

/** Reads a whole response. What OpenAI's own tools did is passed over: the text says what came of it. */
export function readAnswer(json: unknown): ReadAnswer {
  if (!isObject(json)) return { kind: 'garbage' };
  if (json.error !== undefined && json.error !== null) return { kind: 'error', body: json };
  if (json.object !== 'response' || !Array.isArray(json.output)) return { kind: 'garbage' };
  const parts = objectsOf(json.output).flatMap(readOutput);
  return {
    kind: 'answer',
    answer: {
      id: nameOf(json.id),
      model: nameOf(json.model),
      parts,
      finishReason: readFinishReason(json, parts.some(({ kind }) => kind === 'tool_call')),
      usage: readUsage(json),
    },
  };
}

/** What an item of the output says; nothing for an empty one. */
export function readOutput(item: JsonObject): ModelPart[] {
  switch (item.type) {
    case 'message':
      return objectsOf(item.content).flatMap(readSpoken);
    case 'reasoning':
      return readReasoning(item);
    case 'function_call':
    case 'custom_tool_call':
      return [{ kind: 'tool_call', ...readCallHead(item), arguments: item.type === 'custom_tool_call' ? freeformArguments(stringOf(item.input)) : stringOf(item.arguments) }];
    default:
      return [];
  }
}

/** Whose call it is, and of what. */
export function readCallHead(item: JsonObject): { readonly id: string; readonly name: string } {
  return { id: stringOf(item.call_id) || stringOf(item.id), name: nameInNamespace(nameOf(item.namespace), stringOf(item.name)) };
}

function readSpoken(content: JsonObject): ModelPart[] {
  const { type, text, refusal } = objectOf(content);
  if (type === 'output_text' && stringOf(text) !== '') return [{ kind: 'text', text: stringOf(text) }];
  return type === 'refusal' ? [{ kind: 'refusal', text: stringOf(refusal) }] : [];
}
