import { optionalObject, optionalObjects, optionalString, requiredString } from '../hub/body-fields.js';
import { unsupportedValue } from '../hub/input-error.js';
import { stringOf, type JsonObject } from '../hub/json-object.js';
import type { ToolSpec } from '../hub/model-request.js';
import { readFunction, withChoice, type ReadTools } from '../openai-chat/read-tools.js';
import { freeformParameters, nameInNamespace } from './freeform.js';

/** Reads `tools` and `tool_choice` of a response. Tools that OpenAI runs itself are refused. Throws AppError (400) with its `param`. */
export function readTools(body: JsonObject): ReadTools {
  const tools = readList(body, '', undefined);
  return withChoice(tools, body.tool_choice, (choice) => (choice.type === 'function' || choice.type === 'custom' ? choice.name : undefined), (choice) => choice);
}

function readList(object: JsonObject, at: string, namespace: string | undefined): ToolSpec[] {
  return optionalObjects(object, 'tools', at).flatMap(({ item, at: place }) => {
    const type = requiredString(item, 'type', place);
    switch (type) {
      case 'function':
        return [inNamespace(readFunction(item, place), namespace)];
      case 'custom':
        return [inNamespace(readCustom(item, place), namespace)];
      case 'namespace':
        return readList(item, place, nameInNamespace(namespace, requiredString(item, 'name', place)));
      default:
        throw unsupportedValue(`${place}.type`, hostedTool(type));
    }
  });
}

function inNamespace(tool: ToolSpec, namespace: string | undefined): ToolSpec {
  return namespace === undefined ? tool : { ...tool, name: nameInNamespace(namespace, tool.name), namespace };
}

function readCustom(tool: JsonObject, at: string): ToolSpec {
  const format = optionalObject(tool, 'format', at);
  return { name: requiredString(tool, 'name', at), description: optionalString(tool, 'description', at), parameters: freeformParameters(format), freeform: { format } };
}

function hostedTool(type: string): string {
  const codex = stringOf(type).startsWith('web_search') ? ' (Codex: set web_search = "disabled")' : '';
  return `A tool of the type '${type}' is run by OpenAI itself and cannot be passed on to the model that answers: leave it out${codex}, or offer a function that does it.`;
}
