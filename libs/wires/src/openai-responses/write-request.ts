import { unsupportedValue } from '../hub/input-error.js';
import { said } from '../hub/json-object.js';
import type { ModelRequest, ResponseFormat, ToolSpec } from '../hub/model-request.js';
import { effortOf } from '../hub/reasoning-effort.js';
import { ownSignature } from './signature.js';
import { writeInput } from './write-items.js';

/**
 * The body of POST /v1/responses. Nothing is kept at OpenAI, so that thoughts come back encrypted. Left out: `topK`, `seed`, penalties and
 * cache marks, for which it has no words. Throws AppError `unsupported_value` (400) for stop sequences, several choices and sound.
 */
export function writeRequest(request: ModelRequest): Record<string, unknown> {
  if (request.stop.length > 0) throw unsupportedValue('stop', 'The model that answers takes no stop sequences: ask without them, or ask another model.');
  if ((request.choices ?? 1) !== 1) throw unsupportedValue('n', 'The model that answers gives one answer a request: ask again for another one.');
  return said({
    model: request.model,
    ...writeInput(request),
    stream: request.isStream ? true : undefined,
    store: false,
    include: keepsThoughts(request) ? ['reasoning.encrypted_content'] : undefined,
    ...writeTools(request),
    max_output_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    text: request.responseFormat && { format: writeFormat(request.responseFormat) },
    reasoning: writeReasoning(request),
    user: request.user,
  });
}

/** Models that do not think refuse to be asked for it: only who wishes for thoughts, or has some, gets them. */
function keepsThoughts({ reasoning, messages }: ModelRequest): boolean {
  if (reasoning !== undefined) return effortOf(reasoning) !== 'none';
  return messages.some(({ parts }) => parts.some((part) => part.kind === 'reasoning' && ownSignature(part.signature) !== undefined));
}

function writeReasoning({ reasoning }: ModelRequest): Record<string, unknown> | undefined {
  return reasoning && said({ effort: effortOf(reasoning), summary: reasoning.isShown === true ? 'auto' : undefined });
}

/** What is said of tools; without tools the rest says nothing. */
function writeTools({ tools, toolChoice, isParallelToolUse }: ModelRequest): Record<string, unknown> {
  if (tools.length === 0) return {};
  const chosen = toolChoice?.kind === 'tool' ? tools.find(({ name }) => name === toolChoice.name) : undefined;
  return {
    tools: tools.map(writeTool),
    tool_choice: toolChoice?.kind === 'tool' ? { type: chosen?.freeform ? 'custom' : 'function', name: toolChoice.name } : toolChoice?.kind,
    parallel_tool_calls: isParallelToolUse,
  };
}

/** A tool as both requests and responses have it. Strict must be said: OpenAI's default is another one here. */
export function writeTool({ name, description, parameters, isStrict, freeform }: ToolSpec): Record<string, unknown> {
  if (freeform) return said({ type: 'custom', name, description, format: freeform.format });
  return said({ type: 'function', name, description, parameters, strict: isStrict === true });
}

/** The form of the answer, as both requests and responses have it. */
export function writeFormat(format: ResponseFormat): Record<string, unknown> {
  switch (format.kind) {
    case 'text':
      return { type: 'text' };
    case 'json':
      return { type: 'json_object' };
    case 'schema':
      return said({ type: 'json_schema', name: format.name, description: format.description, schema: format.schema, strict: format.isStrict });
  }
}
