import type { ToldUsage } from '../hub/model-answer.js';

/** The usage of an answer as Anthropic tells it; zeros when none is known. What Anthropic has no bucket for, such as sound, stands with the tokens it is counted in. */
export function writeUsage(usage: ToldUsage | undefined): Record<string, unknown> {
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0, cacheWrite1h = 0, audioInput = 0, audioOutput = 0, reasoning, requests = 0 } = usage ?? {};
  return {
    input_tokens: input + audioInput,
    cache_creation_input_tokens: cacheWrite + cacheWrite1h,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: cacheWrite1h },
    output_tokens: output + audioOutput,
    output_tokens_details: reasoning === undefined ? null : { thinking_tokens: reasoning },
    server_tool_use: requests > 0 ? { web_search_requests: requests, web_fetch_requests: 0 } : null,
    service_tier: null,
    inference_geo: null,
    speed: null,
  };
}
