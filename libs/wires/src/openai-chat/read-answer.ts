import { isObject, objectsOf, stringOf, type JsonObject } from '../hub/json-object.js';
import type { ReadAnswer } from '../hub/model-answer.js';
import type { ModelPart, ToolCallPart } from '../hub/model-part.js';
import { readSignature } from './call-signature.js';
import { readFinishReason } from './finish-reason.js';
import { readArguments, readTexts } from './read-texts.js';
import { readUsage } from './read-usage.js';

/** Reads a whole chat completion, its first choice. */
export function readAnswer(json: unknown): ReadAnswer {
  // Gemini wraps an error in an array.
  const first: unknown = Array.isArray(json) ? json[0] : json;
  if (isObject(first) && first.error !== undefined && first.error !== null) return { kind: 'error', body: json };
  if (!isObject(json)) return { kind: 'garbage' };
  const choice = Array.isArray(json.choices) ? (json.choices[0] as unknown) : undefined;
  if (!isObject(choice) || !isObject(choice.message)) return { kind: 'garbage' };
  const id = nameOf(json.id);
  const calls = readCalls(choice.message, id);
  return {
    kind: 'answer',
    answer: {
      id,
      model: nameOf(json.model),
      parts: [...readTextParts(choice.message), ...calls],
      finishReason: readFinishReason(nameOf(choice.finish_reason), calls.length > 0),
      usage: readUsage(json.usage),
    },
  };
}

/** The id of a call whose provider gave it none: the same however the answer came, and short enough (40 characters) for OpenAI. */
export function callIdOf(answerId: string | undefined, place: number): string {
  return `call_${(answerId ?? 'x').replaceAll(/[^a-zA-Z0-9]/g, '').slice(-24)}_${place}`;
}

/** What says something; undefined for an empty text. */
export function nameOf(value: unknown): string | undefined {
  return stringOf(value) || undefined;
}

/** Pieces of one kind that follow each other are one part, as in a stream. */
function readTextParts(message: JsonObject): ModelPart[] {
  const parts: { kind: 'text' | 'reasoning' | 'refusal'; text: string }[] = [];
  for (const { kind, text } of readTexts(message)) {
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else parts.push({ kind, text });
  }
  return parts;
}

function readCalls(message: JsonObject, answerId: string | undefined): ToolCallPart[] {
  return objectsOf(message.tool_calls).flatMap((call, place): ToolCallPart[] => {
    if (!isObject(call.function)) return [];
    const { name, arguments: args } = call.function;
    return [{ kind: 'tool_call', id: stringOf(call.id) || callIdOf(answerId, place), name: stringOf(name), arguments: readArguments(args), ...readSignature(call) }];
  });
}
