import { AppError } from '@nexus/core';
import { z } from 'zod';
import { createPriceList, type PriceList } from '../domain/price-list.js';
import { readConfigFile } from './read-config-file.js';

const usdPerToken = z.number().nonnegative().optional();
const tokens = z.number().int().positive().optional();

/** LiteLLM's own names of the fields. */
const fileSchema = z.object({
  models: z.record(
    z.string(),
    z.object({
      litellm_provider: z.string(),
      mode: z.string(),
      input_cost_per_token: usdPerToken,
      output_cost_per_token: usdPerToken,
      cache_read_input_token_cost: usdPerToken,
      cache_creation_input_token_cost: usdPerToken,
      input_cost_per_token_above_200k_tokens: usdPerToken,
      output_cost_per_token_above_200k_tokens: usdPerToken,
      max_input_tokens: tokens,
      max_output_tokens: tokens,
      supports_function_calling: z.boolean().optional(),
      supports_vision: z.boolean().optional(),
      supports_reasoning: z.boolean().optional(),
    }),
  ),
});

/** Reads config/model-prices.json. Throws AppError `config_invalid` that names every field that is wrong. */
export function loadPriceList(file: string): PriceList {
  return parsePriceList(readConfigFile(file), file);
}

/** The price list of a JSON text; `file` only names it in errors. */
export function parsePriceList(text: string, file: string): PriceList {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new AppError('config_invalid', `${file}: is no JSON`, { cause: error });
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) throw new AppError('config_invalid', parsed.error.issues.map((issue) => `${file}: ${issue.path.join('.') || 'the file'}: ${issue.message}`).join('\n'));
  return createPriceList(
    Object.entries(parsed.data.models).map(([key, row]) => ({
      key,
      vendor: row.litellm_provider,
      mode: row.mode,
      input: row.input_cost_per_token,
      output: row.output_cost_per_token,
      cacheRead: row.cache_read_input_token_cost,
      cacheWrite: row.cache_creation_input_token_cost,
      longInput: row.input_cost_per_token_above_200k_tokens,
      longOutput: row.output_cost_per_token_above_200k_tokens,
      maxInputTokens: row.max_input_tokens,
      maxOutputTokens: row.max_output_tokens,
      tools: row.supports_function_calling,
      vision: row.supports_vision,
      reasoning: row.supports_reasoning,
    })),
  );
}
