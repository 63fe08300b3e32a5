import { AppError } from '@nexus/core';
import { z } from 'zod';
import { createPriceList, type LongContextRates, type PriceList, type PriceRow } from '../domain/price-list.js';
import { readConfigFile } from './read-config-file.js';

const usd = z.number().nonnegative().optional();
const tokens = z.number().int().positive().optional();
const ability = z.boolean().optional();

/** LiteLLM's own names of the fields; what NEXUS does not read is passed over. */
const rowSchema = z.looseObject({
  litellm_provider: z.string(),
  mode: z.string(),
  input_cost_per_token: usd,
  output_cost_per_token: usd,
  cache_read_input_token_cost: usd,
  cache_creation_input_token_cost: usd,
  cache_creation_input_token_cost_above_1hr: usd,
  cache_read_input_audio_token_cost: usd,
  input_cost_per_audio_token: usd,
  output_cost_per_audio_token: usd,
  output_cost_per_reasoning_token: usd,
  output_cost_per_image: usd,
  input_cost_per_request: usd,
  search_context_cost_per_query: z.object({ search_context_size_low: usd, search_context_size_medium: usd, search_context_size_high: usd }).optional(),
  max_input_tokens: tokens,
  max_output_tokens: tokens,
  supports_function_calling: ability,
  supports_vision: ability,
  supports_reasoning: ability,
  supports_response_schema: ability,
  supports_audio_input: ability,
  supports_pdf_input: ability,
}).superRefine((row, context) => {
  for (const [field, value] of Object.entries(row)) {
    if (STEP.test(field) && !usd.safeParse(value).success) context.addIssue({ code: 'custom', path: [field], message: 'must be a price in USD, zero or more' });
  }
});

type Row = z.output<typeof rowSchema>;

const fileSchema = z.object({ date: z.iso.date('must be a day such as 2026-07-24').optional(), models: z.record(z.string(), rowSchema) });

/** A price for long inputs: `input_cost_per_token_above_200k_tokens`. */
const STEP = /^(input_cost_per_token|output_cost_per_token|cache_read_input_token_cost|cache_creation_input_token_cost(?:_above_1hr)?)_above_(\d+)k_tokens$/;
const STEP_RATES: Readonly<Record<string, keyof Omit<LongContextRates, 'aboveInputTokens'>>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
};

/** Reads config/prices.json. Throws AppError `config_invalid` that names every field that is wrong. */
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
  return createPriceList(Object.entries(parsed.data.models).map(([key, row]) => priceRow(key, row)), parsed.data.date);
}

function priceRow(key: string, row: Row): PriceRow {
  return {
    key,
    vendor: row.litellm_provider,
    mode: row.mode,
    input: row.input_cost_per_token,
    output: row.output_cost_per_token,
    cacheRead: row.cache_read_input_token_cost,
    cacheWrite: row.cache_creation_input_token_cost,
    cacheWrite1h: row.cache_creation_input_token_cost_above_1hr,
    cacheReadAudio: row.cache_read_input_audio_token_cost,
    audioInput: row.input_cost_per_audio_token,
    audioOutput: row.output_cost_per_audio_token,
    reasoningOutput: row.output_cost_per_reasoning_token,
    image: row.output_cost_per_image,
    request: requestPrice(row),
    longContext: stepsOf(row),
    maxInputTokens: row.max_input_tokens,
    maxOutputTokens: row.max_output_tokens,
    tools: row.supports_function_calling,
    vision: row.supports_vision,
    reasoning: row.supports_reasoning,
    responseSchema: row.supports_response_schema,
    audio: row.supports_audio_input,
    pdf: row.supports_pdf_input,
  };
}

/** Of a search whose context has the size that the vendor uses unless it is asked otherwise. */
function requestPrice({ input_cost_per_request: each, search_context_cost_per_query: search, litellm_provider: vendor }: Row): number | undefined {
  return each ?? (vendor === 'perplexity' ? search?.search_context_size_low : search?.search_context_size_medium);
}

function stepsOf(row: Row): LongContextRates[] {
  const steps = new Map<number, LongContextRates>();
  for (const [field, value] of Object.entries(row)) {
    const [, base = '', thousands = ''] = STEP.exec(field) ?? [];
    const rate = STEP_RATES[base];
    if (rate === undefined || typeof value !== 'number') continue;
    const aboveInputTokens = Number(thousands) * 1_000;
    steps.set(aboveInputTokens, { ...steps.get(aboveInputTokens), aboveInputTokens, [rate]: value });
  }
  return [...steps.values()];
}
