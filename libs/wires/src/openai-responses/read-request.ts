import { isUnsaid, optionalBoolean, optionalInteger, optionalNumber, optionalObject, optionalString, requiredString } from '../hub/body-fields.js';
import { unsupportedValue, wrongType } from '../hub/input-error.js';
import { isObject, type JsonObject } from '../hub/json-object.js';
import type { ModelRequest, ReasoningWish, ResponseFormat } from '../hub/model-request.js';
import { readReasoningEffort } from '../hub/reasoning-effort.js';
import { readSchema } from '../openai-chat/read-request.js';
import { readInput } from './read-items.js';
import { readTools } from './read-tools.js';

/**
 * Reads the body of POST /v1/responses. Throws AppError (400) with its `param` for what is wrong, and for what only OpenAI has and the
 * answer would be another one without. What changes nothing in the answer (`store`, `metadata`, `include`, `truncation` ...) is left out.
 */
export function readRequest(body: unknown): ModelRequest {
  if (!isObject(body)) throw wrongType('body', 'a JSON object', body);
  refuseUnsupported(body);
  const { tools, toolChoice } = readTools(body);
  return {
    model: requiredString(body, 'model'),
    isStream: optionalBoolean(body, 'stream') ?? false,
    messages: readInput(body),
    tools,
    toolChoice,
    isParallelToolUse: optionalBoolean(body, 'parallel_tool_calls'),
    maxOutputTokens: optionalInteger(body, 'max_output_tokens'),
    temperature: optionalNumber(body, 'temperature'),
    topP: optionalNumber(body, 'top_p'),
    stop: [],
    responseFormat: readFormat(body),
    reasoning: readReasoningWish(body),
    user: optionalString(body, 'user') ?? optionalString(body, 'safety_identifier'),
  };
}

/** What has another answer, and what to do instead. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  previous_response_id: 'NEXUS keeps no responses: send the items of the conversation in `input`',
  conversation: 'NEXUS keeps no conversations on this endpoint: send their items in `input`',
  prompt: 'prompts that OpenAI keeps are known only to OpenAI: send their text in `instructions`',
  moderation: 'ask without it, or ask a model of OpenAI',
  context_management: 'shorten `input` yourself, or ask a model of OpenAI',
};

function refuseUnsupported(body: JsonObject): void {
  const param = Object.keys(UNSUPPORTED).find((name) => !isUnsaid(body[name]));
  if (param !== undefined) throw unsupportedValue(param, `'${param}' is not supported: ${UNSUPPORTED[param]}.`);
  if (optionalBoolean(body, 'background') === true) throw unsupportedValue('background', "'background' is not supported: ask without it and wait for the answer, or start a run.");
  const logprobs = Array.isArray(body.include) ? body.include.indexOf('message.output_text.logprobs') : -1;
  if (logprobs >= 0) throw unsupportedValue(`include[${logprobs}]`, "'message.output_text.logprobs' cannot be passed on to the model that answers: ask without it, or ask a model of OpenAI.");
}

function readFormat(body: JsonObject): ResponseFormat | undefined {
  const text = optionalObject(body, 'text');
  const format = text && optionalObject(text, 'format', 'text');
  if (!format) return undefined;
  const type = requiredString(format, 'type', 'text.format');
  if (type === 'text') return { kind: 'text' };
  if (type === 'json_object') return { kind: 'json' };
  if (type === 'json_schema') return readSchema(format, 'text.format');
  throw unsupportedValue('text.format.type', `Unknown response format '${type}': use text, json_object or json_schema.`);
}

function readReasoningWish(body: JsonObject): ReasoningWish | undefined {
  const reasoning = optionalObject(body, 'reasoning');
  if (!reasoning) return undefined;
  const effort = readReasoningEffort(reasoning.effort, 'reasoning.effort');
  const isShown = !isUnsaid(reasoning.summary) || !isUnsaid(reasoning.generate_summary);
  if (effort === undefined && !isShown) return undefined;
  return { ...(effort !== undefined && { effort }), ...(isShown && { isShown }) };
}
