import { isObject, type JsonObject } from '../hub/json-object.js';

/** The JSON text of a call's input; '' for one without arguments. */
export function argumentsOf(input: unknown): string {
  if (input === undefined || input === null || (isObject(input) && Object.keys(input).length === 0)) return '';
  return JSON.stringify(input);
}

/** The input of a call. Anthropic takes an object alone; what a model wrote that is none goes in the wrapping that Anthropic names for it. */
export function inputOf(args: string): JsonObject {
  if (args.trim() === '') return {};
  return parsedObject(args) ?? { INVALID_JSON: args };
}

/** True when the text is a whole JSON object. */
export function isWholeObject(text: string): boolean {
  return text.trimEnd().endsWith('}') && parsedObject(text) !== undefined;
}

function parsedObject(text: string): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
