import { isObject, objectOf, stringOf, type JsonObject } from '../hub/json-object.js';
import type { ToolSpec } from '../hub/model-request.js';

/** The parameters of a tool that takes plain text, for models that only write JSON. The grammar of the text, if any, is told in words. */
export function freeformParameters(format: JsonObject | undefined): JsonObject {
  const { syntax, definition } = objectOf(format);
  const grammar = typeof definition === 'string' ? ` It must follow this ${stringOf(syntax)} grammar:\n${definition}` : '';
  return { type: 'object', properties: { input: { type: 'string', description: `The whole text of the call.${grammar}` } }, required: ['input'], additionalProperties: false };
}

/** Plain text as the arguments of such a tool. */
export function freeformArguments(input: string): string {
  return JSON.stringify({ input });
}

/** The plain text of such arguments; what a model wrote in another form goes through as it is. */
export function freeformInput(args: string): string {
  try {
    const value: unknown = JSON.parse(args);
    return isObject(value) && typeof value.input === 'string' ? value.input : args;
  } catch {
    return args;
  }
}

/** The name of a tool of a namespace for models that know none. */
export function nameInNamespace(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}__${name}`;
}

/** What a client calls a tool: its own name, and its namespace if it has one. */
export function clientName(name: string, tool: ToolSpec | undefined): { readonly name: string; readonly namespace?: string } {
  return tool?.namespace === undefined ? { name } : { name: name.slice(tool.namespace.length + 2), namespace: tool.namespace };
}
