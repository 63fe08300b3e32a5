import { countOf, isObject, objectOf, objectsOf, type JsonObject } from '../hub/json-object.js';
import type { ToldUsage } from '../hub/model-answer.js';
import { exclusive } from '../openai-chat/read-usage.js';

/** Usage of a response in exclusive buckets; undefined when it tells none. Searches that OpenAI made are counted too: they are charged by the piece. */
export function readUsage(response: JsonObject): ToldUsage | undefined {
  const { usage } = response;
  if (!isObject(usage)) return undefined;
  const input = countOf(usage.input_tokens);
  const output = countOf(usage.output_tokens);
  if (input === undefined || output === undefined) return undefined;
  const inputs = objectOf(usage.input_tokens_details);
  const outputs = objectOf(usage.output_tokens_details);
  return exclusive({
    input,
    output,
    cacheRead: countOf(inputs.cached_tokens) ?? 0,
    cacheWrite: countOf(inputs.cache_write_tokens) ?? 0,
    audioInput: countOf(inputs.audio_tokens) ?? 0,
    audioOutput: countOf(outputs.audio_tokens) ?? 0,
    reasoning: countOf(outputs.reasoning_tokens),
    requests: searchesOf(response),
  });
}

/** OpenAI's own count, or the calls that looked for something (those that open a page it found cost nothing). */
function searchesOf(response: JsonObject): number {
  const told = countOf(objectOf(objectOf(response.tool_usage).web_search).num_requests);
  return told ?? objectsOf(response.output).filter(({ type, action }) => type === 'web_search_call' && (objectOf(action).type ?? 'search') === 'search').length;
}
