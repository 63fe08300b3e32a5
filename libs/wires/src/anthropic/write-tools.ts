import type { ModelRequest, ToolChoice, ToolSpec } from '../hub/model-request.js';
import { writeCache } from './cache-control.js';
import { claudeModel } from './claude-model.js';
import { enforceable } from './enforceable-schema.js';

/** `tools` and `tool_choice`, to be spread; nothing without tools, for Anthropic refuses a choice among none. */
export function writeTools({ model, tools, toolChoice, isParallelToolUse }: ModelRequest): Record<string, unknown> {
  if (tools.length === 0) return {};
  const choice = choiceOf(toolChoice, isParallelToolUse === undefined ? undefined : !isParallelToolUse);
  return { tools: tools.map((tool) => writeTool(tool, claudeModel(model).hasSchemas)), ...(choice && { tool_choice: choice }) };
}

/** A strict tool whose schema Anthropic cannot enforce goes without: its calls are right as a rule, and the client checks them anyway. */
function writeTool({ name, description, parameters, isStrict, cache }: ToolSpec, hasSchemas: boolean): Record<string, unknown> {
  const schema = isStrict === true && hasSchemas ? enforceable(parameters) : undefined;
  return {
    name,
    ...(description !== undefined && { description }),
    input_schema: { type: 'object', ...(schema ?? parameters) },
    ...(schema && { strict: true }),
    ...writeCache(cache),
  };
}

function choiceOf(choice: ToolChoice | undefined, isSingle: boolean | undefined): Record<string, unknown> | undefined {
  if (choice?.kind === 'none') return { type: 'none' };
  const single = isSingle === undefined ? {} : { disable_parallel_tool_use: isSingle };
  switch (choice?.kind) {
    case undefined:
      return isSingle === true ? { type: 'auto', ...single } : undefined;
    case 'auto':
      return { type: 'auto', ...single };
    case 'required':
      return { type: 'any', ...single };
    case 'tool':
      return { type: 'tool', name: choice.name, ...single };
  }
}
