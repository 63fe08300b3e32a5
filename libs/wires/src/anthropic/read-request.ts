import { optionalBoolean, optionalInteger, optionalNumber, optionalObject, optionalString, requiredString } from '../hub/body-fields.js';
import { invalidValue, unsupportedValue, wrongType } from '../hub/input-error.js';
import { isObject, type JsonObject } from '../hub/json-object.js';
import type { ModelRequest } from '../hub/model-request.js';
import { readMessages } from './read-messages.js';
import { readFormat, readThinking } from './read-thinking.js';
import { readToolChoice, readTools } from './read-tools.js';

/**
 * Reads the body of a client, of /v1/messages or /v1/messages/count_tokens, on its way to a provider that is not Anthropic. Throws AppError
 * (400) with the place as its `param`: `unsupported_value` for what Anthropic alone can do. What the answer is right without is passed over:
 * how Anthropic is to clear or cache the context, where and how fast it computes, citations.
 */
export function readRequest(body: unknown): ModelRequest {
  if (!isObject(body)) throw wrongType('body', 'a JSON object', body);
  refuseServers(body);
  const isStream = optionalBoolean(body, 'stream') ?? false;
  const model = requiredString(body, 'model');
  if (model === '') throw invalidValue('model', "Invalid 'model': expected the name of a model.");
  const metadata = optionalObject(body, 'metadata');
  return {
    model,
    isStream,
    messages: readMessages(body),
    tools: readTools(body),
    ...readToolChoice(body),
    maxOutputTokens: readMaxTokens(body),
    temperature: optionalNumber(body, 'temperature'),
    topP: optionalNumber(body, 'top_p'),
    topK: optionalInteger(body, 'top_k'),
    stop: readStop(body),
    responseFormat: readFormat(body),
    reasoning: readThinking(body),
    user: metadata && optionalString(metadata, 'user_id', 'metadata'),
    // streams of Messages always tell it
    ...(isStream && { wantsUsage: true }),
  };
}

function readMaxTokens(body: JsonObject): number | undefined {
  const tokens = optionalInteger(body, 'max_tokens');
  if (tokens !== undefined && tokens < 1) throw invalidValue('max_tokens', `Invalid 'max_tokens': expected at least 1, but got ${tokens}.`);
  return tokens;
}

function readStop(body: JsonObject): string[] {
  const stop = body['stop_sequences'];
  if (stop === undefined || stop === null) return [];
  if (!Array.isArray(stop)) throw wrongType('stop_sequences', 'an array of strings', stop);
  return stop.map((sequence: unknown, i) => {
    if (typeof sequence !== 'string') throw wrongType(`stop_sequences[${i}]`, 'a string', sequence);
    return sequence;
  });
}

function refuseServers({ mcp_servers: servers, container }: JsonObject): void {
  if (Array.isArray(servers) && servers.length > 0) {
    throw unsupportedValue('mcp_servers', "This model's provider connects to no MCP servers. Choose a model of Anthropic's, or offer their tools as tools.");
  }
  if (container !== undefined && container !== null) throw unsupportedValue('container', "This model's provider has no containers. Choose a model of Anthropic's, or leave container out.");
}
