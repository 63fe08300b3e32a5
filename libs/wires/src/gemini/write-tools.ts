import type { ModelRequest, ToolSpec } from '../hub/model-request.js';

/** `tools`; undefined when there are none. */
export function writeTools(tools: readonly ToolSpec[]): Record<string, unknown>[] | undefined {
  if (tools.length === 0) return undefined;
  const functionDeclarations = tools.map(({ name, description, parameters }) => ({ name, ...(description !== undefined && { description }), parametersJsonSchema: parameters }));
  return [{ functionDeclarations }];
}

/** `toolConfig`; undefined for what is Gemini's default. A strict tool is one whose calls Gemini checks against their schema. */
export function writeToolConfig({ tools, toolChoice }: ModelRequest): Record<string, unknown> | undefined {
  if (tools.length === 0) return undefined;
  const isStrict = tools.some((tool) => tool.isStrict === true);
  switch (toolChoice?.kind) {
    case undefined:
      return isStrict ? modeOf('VALIDATED') : undefined;
    case 'auto':
      return modeOf(isStrict ? 'VALIDATED' : 'AUTO');
    case 'none':
      return modeOf('NONE');
    case 'required':
      return modeOf('ANY');
    case 'tool':
      return modeOf('ANY', [toolChoice.name]);
  }
}

function modeOf(mode: string, allowedFunctionNames?: readonly string[]): Record<string, unknown> {
  return { functionCallingConfig: { mode, ...(allowedFunctionNames && { allowedFunctionNames }) } };
}
