import type { ToldUsage } from '../hub/model-answer.js';
import { countOf, objectOf, objectsOf, type JsonObject } from '../hub/json-object.js';

/**
 * Anthropic's account of an answer, in exclusive buckets; undefined when it tells neither input nor output. `input_tokens` has nothing of
 * the cache in it. What a summary of the conversation cost (compaction) stands only among the iterations, and is charged like the rest. What
 * an advisor, another model, cost stands there too and is left out: it has no price of this model.
 */
export function readUsage(usage: JsonObject): ToldUsage | undefined {
  if (countOf(usage['input_tokens']) === undefined && countOf(usage['output_tokens']) === undefined) return undefined;
  const accounts = [usage, ...objectsOf(usage['iterations']).filter(({ type }) => type === 'compaction')];
  const sum = (count: (account: JsonObject) => number | undefined) => accounts.reduce((total, account) => total + (count(account) ?? 0), 0);
  const output = sum((account) => countOf(account['output_tokens']));
  const thinking = countOf(objectOf(usage['output_tokens_details'])['thinking_tokens']);
  return {
    input: sum((account) => countOf(account['input_tokens'])),
    output,
    cacheRead: sum((account) => countOf(account['cache_read_input_tokens'])),
    cacheWrite: sum((account) => written(account).short),
    cacheWrite1h: sum((account) => written(account).long),
    reasoning: thinking === undefined ? undefined : Math.min(thinking, output),
    requests: countOf(objectOf(usage['server_tool_use'])['web_search_requests']) ?? 0,
  };
}

/** The total counts where it was corrected without its parts, as at the end of a stream. */
function written(account: JsonObject): { readonly short: number; readonly long: number } {
  const parts = objectOf(account['cache_creation']);
  const short = countOf(parts['ephemeral_5m_input_tokens']) ?? 0;
  const long = countOf(parts['ephemeral_1h_input_tokens']) ?? 0;
  const total = countOf(account['cache_creation_input_tokens']) ?? short + long;
  const kept = Math.min(long, total);
  return { short: total - kept, long: kept };
}
