import { said } from '../hub/json-object.js';
import type { ModelRequest, ResponseFormat } from '../hub/model-request.js';
import { effortOf } from '../hub/reasoning-effort.js';
import { writeMessages } from './write-messages.js';

/**
 * The body of a chat completion. Left out: `topK`, cache marks and thoughts of earlier answers, which OpenAI's own endpoint refuses.
 * Throws AppError `unsupported_value` (400) for files that stand at a URL.
 */
export function writeRequest(request: ModelRequest): Record<string, unknown> {
  return said({
    model: request.model,
    messages: writeMessages(request.messages),
    stream: request.isStream ? true : undefined,
    stream_options: request.isStream && request.wantsUsage === true ? { include_usage: true } : undefined,
    ...writeTools(request),
    max_completion_tokens: request.maxOutputTokens,
    temperature: request.temperature,
    top_p: request.topP,
    presence_penalty: request.presencePenalty,
    frequency_penalty: request.frequencyPenalty,
    stop: request.stop.length > 0 ? request.stop : undefined,
    seed: request.seed,
    n: request.choices,
    response_format: request.responseFormat && writeResponseFormat(request.responseFormat),
    reasoning_effort: request.reasoning && effortOf(request.reasoning),
    user: request.user,
  });
}

/** What is said of tools; without tools OpenAI refuses the rest too. */
function writeTools({ tools, toolChoice, isParallelToolUse }: ModelRequest): Record<string, unknown> {
  if (tools.length === 0) return {};
  return {
    tools: tools.map(({ name, description, parameters, isStrict }) => ({ type: 'function', function: said({ name, description, parameters, strict: isStrict }) })),
    tool_choice: toolChoice?.kind === 'tool' ? { type: 'function', function: { name: toolChoice.name } } : toolChoice?.kind,
    parallel_tool_calls: isParallelToolUse,
  };
}

function writeResponseFormat(format: ResponseFormat): Record<string, unknown> {
  switch (format.kind) {
    case 'text':
      return { type: 'text' };
    case 'json':
      return { type: 'json_object' };
    case 'schema':
      return { type: 'json_schema', json_schema: said({ name: format.name, description: format.description, schema: format.schema, strict: format.isStrict }) };
  }
}
