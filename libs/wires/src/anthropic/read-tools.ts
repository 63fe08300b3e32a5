import { optionalBoolean, optionalObject, optionalObjects, optionalString, requiredObject, requiredString } from '../hub/body-fields.js';
import { invalidValue, unsupportedValue } from '../hub/input-error.js';
import type { JsonObject } from '../hub/json-object.js';
import type { ModelRequest, ToolChoice, ToolSpec } from '../hub/model-request.js';
import { readCache } from './cache-control.js';

/**
 * The tools of a request. Throws AppError (400): `unsupported_value` for a tool that Anthropic itself defines or carries out (web search,
 * code execution, memory ...), for no other provider has it. The search among tools is passed over: elsewhere all of them are there
 * from the beginning.
 */
export function readTools(body: JsonObject): ToolSpec[] {
  return optionalObjects(body, 'tools').flatMap(({ item, at }) => (isSearchOfTools(item) ? [] : [readTool(item, at)]));
}

function isSearchOfTools({ type }: JsonObject): boolean {
  return typeof type === 'string' && type.startsWith('tool_search_tool_');
}

function readTool(tool: JsonObject, at: string): ToolSpec {
  const type = optionalString(tool, 'type', at);
  if (type !== undefined && type !== 'custom') {
    throw unsupportedValue(`${at}.type`, `The tool "${type}" is Anthropic's own, and this model has none like it. Choose a model of Anthropic's, or give a tool with an input_schema.`);
  }
  const isStrict = optionalBoolean(tool, 'strict', at);
  return {
    name: requiredString(tool, 'name', at),
    description: optionalString(tool, 'description', at),
    parameters: requiredObject(tool, 'input_schema', at),
    ...(isStrict !== undefined && { isStrict }),
    ...readCache(tool),
  };
}

/** What the client says of the choice among tools, to be spread. Throws AppError (400). */
export function readToolChoice(body: JsonObject): Pick<ModelRequest, 'toolChoice' | 'isParallelToolUse'> {
  const choice = optionalObject(body, 'tool_choice');
  if (!choice) return {};
  const isSingle = optionalBoolean(choice, 'disable_parallel_tool_use', 'tool_choice');
  return { toolChoice: choiceOf(choice), ...(isSingle !== undefined && { isParallelToolUse: !isSingle }) };
}

function choiceOf(choice: JsonObject): ToolChoice {
  const type = requiredString(choice, 'type', 'tool_choice');
  switch (type) {
    case 'auto':
    case 'none':
      return { kind: type };
    case 'any':
      return { kind: 'required' };
    case 'tool':
      return { kind: 'tool', name: requiredString(choice, 'name', 'tool_choice') };
    default:
      throw invalidValue('tool_choice.type', "Invalid 'tool_choice.type': expected auto, any, tool or none.");
  }
}
