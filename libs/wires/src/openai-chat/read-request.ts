import { isUnsaid, optionalBoolean, optionalInteger, optionalNumber, optionalObject, optionalString, requiredObject, requiredString } from '../hub/body-fields.js';
import { unsupportedValue, wrongType } from '../hub/input-error.js';
import { isObject, type JsonObject } from '../hub/json-object.js';
import type { ModelRequest, ReasoningWish, ResponseFormat } from '../hub/model-request.js';
import { readReasoningEffort } from '../hub/reasoning-effort.js';
import { readMessages } from './read-messages.js';
import { readTools } from './read-tools.js';

/**
 * Reads the body of POST /v1/chat/completions. Throws AppError (400) with its `param` for what is wrong, and for what only OpenAI has and
 * the answer would be another one without. What changes nothing in the answer (`metadata`, `store`, `service_tier` ...) is left out.
 */
export function readRequest(body: unknown): ModelRequest {
  if (!isObject(body)) throw wrongType('body', 'a JSON object', body);
  refuseUnsupported(body);
  const { tools, toolChoice } = readTools(body);
  return {
    model: requiredString(body, 'model'),
    isStream: optionalBoolean(body, 'stream') ?? false,
    messages: readMessages(body),
    tools,
    toolChoice,
    isParallelToolUse: optionalBoolean(body, 'parallel_tool_calls'),
    maxOutputTokens: optionalInteger(body, 'max_completion_tokens') ?? optionalInteger(body, 'max_tokens'),
    temperature: optionalNumber(body, 'temperature'),
    topP: optionalNumber(body, 'top_p'),
    topK: optionalInteger(body, 'top_k'),
    presencePenalty: optionalNumber(body, 'presence_penalty'),
    frequencyPenalty: optionalNumber(body, 'frequency_penalty'),
    stop: readStop(body.stop),
    seed: optionalInteger(body, 'seed'),
    choices: optionalInteger(body, 'n'),
    responseFormat: readResponseFormat(body),
    reasoning: readReasoning(body),
    user: optionalString(body, 'user') ?? optionalString(body, 'safety_identifier'),
    wantsUsage: optionalBoolean(optionalObject(body, 'stream_options') ?? {}, 'include_usage', 'stream_options'),
  };
}

/** What has another answer, and what to do instead. */
const UNSUPPORTED: readonly { readonly param: string; readonly isAsked: (value: unknown) => boolean; readonly instead: string }[] = [
  { param: 'functions', isAsked: isThere, instead: "use 'tools'" },
  { param: 'function_call', isAsked: isThere, instead: "use 'tool_choice'" },
  { param: 'logprobs', isAsked: (value) => value === true, instead: 'ask without it, or ask a model of OpenAI' },
  { param: 'logit_bias', isAsked: (value) => isObject(value) && Object.keys(value).length > 0, instead: 'ask without it, or ask a model of OpenAI' },
  { param: 'audio', isAsked: isThere, instead: 'ask for text, or ask a model of OpenAI' },
  { param: 'modalities', isAsked: (value) => Array.isArray(value) && value.some((it) => it !== 'text'), instead: 'ask for text, or ask a model of OpenAI' },
  { param: 'web_search_options', isAsked: isThere, instead: 'offer a tool that searches, or ask a model of OpenAI' },
  { param: 'moderation', isAsked: isThere, instead: 'ask without it, or ask a model of OpenAI' },
];

function refuseUnsupported(body: JsonObject): void {
  const wish = UNSUPPORTED.find(({ param, isAsked }) => isAsked(body[param]));
  if (wish) throw unsupportedValue(wish.param, `'${wish.param}' cannot be passed on to the model that answers: ${wish.instead}.`);
}

function isThere(value: unknown): boolean {
  return !isUnsaid(value);
}

function readStop(value: unknown): string[] {
  if (isUnsaid(value)) return [];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value)) throw wrongType('stop', 'a string or an array of strings', value);
  return value.map((item: unknown, i) => {
    if (typeof item !== 'string') throw wrongType(`stop[${i}]`, 'a string', item);
    return item;
  });
}

function readResponseFormat(body: JsonObject): ResponseFormat | undefined {
  const format = optionalObject(body, 'response_format');
  if (!format) return undefined;
  const type = requiredString(format, 'type', 'response_format');
  if (type === 'text') return { kind: 'text' };
  if (type === 'json_object') return { kind: 'json' };
  if (type === 'json_schema') return readSchema(requiredObject(format, 'json_schema', 'response_format'), 'response_format.json_schema');
  throw unsupportedValue('response_format.type', `Unknown response format '${type}': use text, json_object or json_schema.`);
}

/** The form of an answer that a JSON Schema says; without a schema any object will do. */
export function readSchema(schema: JsonObject, at: string): ResponseFormat {
  const description = optionalString(schema, 'description', at);
  return {
    kind: 'schema',
    name: requiredString(schema, 'name', at),
    ...(description !== undefined && { description }),
    schema: optionalObject(schema, 'schema', at) ?? { type: 'object' },
    isStrict: optionalBoolean(schema, 'strict', at) ?? false,
  };
}

function readReasoning(body: JsonObject): ReasoningWish | undefined {
  const effort = readReasoningEffort(body.reasoning_effort, 'reasoning_effort');
  return effort && { effort };
}
