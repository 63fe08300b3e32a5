import { isUnsaid, optionalBoolean, optionalObject, optionalObjects, optionalString, requiredObject, requiredString } from '../hub/body-fields.js';
import { invalidValue, unsupportedValue, wrongType } from '../hub/input-error.js';
import { isObject, objectsOf, objectOf, type JsonObject } from '../hub/json-object.js';
import type { ToolChoice, ToolSpec } from '../hub/model-request.js';

/** The tools that the model may ask for, and whether it must. */
export interface ReadTools {
  readonly tools: readonly ToolSpec[];
  readonly toolChoice: ToolChoice | undefined;
}

/** Reads `tools` and `tool_choice` of a chat completion. Throws AppError (400) with its `param`. */
export function readTools(body: JsonObject): ReadTools {
  const tools = optionalObjects(body, 'tools').map(({ item, at }) => {
    if (item.type !== 'function') throw unsupportedValue(`${at}.type`, `A tool of the type '${String(item.type)}' cannot be passed on to the model that answers: offer tools of the type 'function'.`);
    return readFunction(requiredObject(item, 'function', at), `${at}.function`);
  });
  return withChoice(tools, body.tool_choice, (choice) => (isObject(choice.function) ? choice.function.name : undefined), (choice) => objectOf(choice.allowed_tools));
}

/** A function as both wires of OpenAI write it. Not strict is what it is when it was not said. */
export function readFunction(fn: JsonObject, at: string): ToolSpec {
  return {
    name: requiredString(fn, 'name', at),
    description: optionalString(fn, 'description', at),
    parameters: optionalObject(fn, 'parameters', at) ?? { type: 'object', properties: {} },
    ...(optionalBoolean(fn, 'strict', at) === true && { isStrict: true }),
  };
}

/**
 * Reads `tool_choice`; `nameOf` and `allowedOf` say where a choice has its tool's name and what it allows. Tools that are not allowed are
 * as if they were not offered.
 */
export function withChoice(tools: readonly ToolSpec[], value: unknown, nameOf: (choice: JsonObject) => unknown, allowedOf: (choice: JsonObject) => JsonObject): ReadTools {
  if (isUnsaid(value)) return { tools, toolChoice: undefined };
  if (value === 'auto' || value === 'none' || value === 'required') return { tools, toolChoice: { kind: value } };
  if (!isObject(value)) throw wrongType('tool_choice', 'auto, none, required or a tool', value);
  if (value.type === 'allowed_tools') {
    const { mode, tools: allowed } = allowedOf(value);
    const names = new Set(objectsOf(allowed).map((tool) => nameOf(tool)));
    return { tools: tools.filter(({ name }) => names.has(name)), toolChoice: { kind: mode === 'required' ? 'required' : 'auto' } };
  }
  const name = nameOf(value);
  if (typeof name !== 'string') throw unsupportedValue('tool_choice', `A choice of the type '${String(value.type)}' cannot be passed on to the model that answers: choose a function by its name.`);
  if (!tools.some((tool) => tool.name === name)) throw invalidValue('tool_choice', `Invalid 'tool_choice': there is no tool '${name}' in 'tools'.`);
  return { tools, toolChoice: { kind: 'tool', name } };
}
