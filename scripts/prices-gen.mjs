/**
 * Makes config/prices.json from LiteLLM's table of prices: of each model the fields that NEXUS reads, and what is wrong in the table put
 * right, each correction with its reason. `node scripts/prices-gen.mjs TABLE` writes it; with `--check` it says whether the file is what
 * the table gives, and fails if it is not. TABLE is `{ "_source": "...stored copy of YYYY-MM-DD...", "models": { name: row } }`, or
 * LiteLLM's own file, model_prices_and_context_window.json, with `--date YYYY-MM-DD`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const OUTPUT = new URL('../config/prices.json', import.meta.url);
const VENDORS = ['openai', 'anthropic', 'gemini', 'groq', 'mistral', 'deepseek', 'xai', 'perplexity'];

/** Of USD per token or piece, in the order in which they are written; a long input has each of the first five again, with `_above_<thousands>k_tokens`. */
const STEPPED = [
  'input_cost_per_token', 'output_cost_per_token', 'cache_read_input_token_cost', 'cache_creation_input_token_cost', 'cache_creation_input_token_cost_above_1hr',
];
const STEP = new RegExp(`^(${STEPPED.join('|')})_above_\\d+k_tokens$`);
const PLAIN = [
  'cache_read_input_audio_token_cost', 'input_cost_per_audio_token', 'output_cost_per_audio_token', 'output_cost_per_reasoning_token', 'output_cost_per_image', 'input_cost_per_request', 'search_context_cost_per_query',
];
const LIMITS = ['max_input_tokens', 'max_output_tokens'];
const ABILITIES = ['supports_function_calling', 'supports_vision', 'supports_reasoning', 'supports_response_schema', 'supports_audio_input', 'supports_pdf_input'];

/** What the table has wrong, or leaves out: `fix(name, row)` answers the fields to set, or nothing. A correction that no longer changes anything fails. */
const CORRECTIONS = [
  {
    reason: 'Anthropic charges twice the price of input for a cache that lasts an hour, with every model; the table has the price of Sonnet for Claude 3 Haiku and Opus, and none for some (docs.claude.com, Pricing, Prompt caching)',
    fix: (_, row) => row.litellm_provider === 'anthropic' && row.cache_creation_input_token_cost !== undefined && { cache_creation_input_token_cost_above_1hr: exact(row.input_cost_per_token * 2) },
  },
  {
    reason: 'OpenAI charges twice the price of input and cache and one and a half times that of output when the input of one of its models with a context of 1,050,000 tokens has more than 272,000, except with mini and nano (platform.openai.com, Pricing); the table was trimmed of it',
    fix: (name, row) => row.litellm_provider === 'openai' && row.max_input_tokens >= 1_050_000 && !/-(mini|nano)/.test(name) && longOpenAi(row),
  },
  {
    reason: 'OpenAI charges 10 USD for 1,000 searches of the web with its models that search by a tool (platform.openai.com, Pricing, Built-in tools); the table has a former price for one of them, and none for the others',
    fix: (name, row) => row.litellm_provider === 'openai' && ['chat', 'responses'].includes(row.mode) && SEARCHING.test(name) && {
      search_context_cost_per_query: { search_context_size_high: 0.01, search_context_size_low: 0.01, search_context_size_medium: 0.01 },
    },
  },
  {
    reason: 'Gemini charges for sound that it reads from its cache the same part of its price as for other input (ai.google.dev, Pricing, Context caching); the table has no such price',
    fix: (_, row) => row.litellm_provider === 'gemini' && row.input_cost_per_audio_token > row.input_cost_per_token && row.cache_read_input_token_cost > 0 && {
      cache_read_input_audio_token_cost: exact((row.input_cost_per_audio_token * row.cache_read_input_token_cost) / row.input_cost_per_token),
    },
  },
  {
    reason: 'The table takes Gemini 1.5 Flash for a model of embeddings, without a price of output (ai.google.dev, Pricing, as it was until the model was retired)',
    fix: (name) => name === 'gemini/gemini-1.5-flash' && {
      mode: 'chat', output_cost_per_token: 3e-7, cache_read_input_token_cost: 1.875e-8,
      input_cost_per_token_above_128k_tokens: 1.5e-7, output_cost_per_token_above_128k_tokens: 6e-7, cache_read_input_token_cost_above_128k_tokens: 3.75e-8,
      max_input_tokens: 1_048_576, max_output_tokens: 8_192,
    },
  },
];

/** Models of OpenAI that can be given its tool for searching the web; those that always search have a price of their own. */
const SEARCHING = /^(gpt-4\.1(?!-nano)|gpt-4o(?!.*(audio|realtime|search|transcribe|tts))|gpt-5|o3(?!-mini)|o4-mini)/;

function longOpenAi(row) {
  const twice = ['input_cost_per_token', 'cache_read_input_token_cost', 'cache_creation_input_token_cost'].filter((field) => row[field] > 0);
  const longer = Object.fromEntries(twice.map((field) => [`${field}_above_272k_tokens`, exact(row[field] * 2)]));
  return { ...longer, output_cost_per_token_above_272k_tokens: exact(row.output_cost_per_token * 1.5) };
}

/** The text of config/prices.json for a table. Throws when the table lacks its date or its models, or a correction is not needed any more. */
export function pricesFrom(table, date = /\d{4}-\d{2}-\d{2}/.exec(table._source ?? '')?.[0]) {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date ?? '')) throw new Error('the table does not say of which day it is: give --date YYYY-MM-DD');
  const rows = Object.entries(table.models ?? table).filter(([, row]) => VENDORS.includes(row.litellm_provider));
  if (rows.length === 0) throw new Error('the table has no models of these vendors');
  const changes = CORRECTIONS.map(({ reason }) => ({ reason, models: [] }));
  const lines = rows.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, row]) => {
    const corrected = { ...row };
    CORRECTIONS.forEach(({ fix }, i) => {
      for (const [field, value] of Object.entries(fix(name, row) || {})) {
        if (JSON.stringify(corrected[field]) === JSON.stringify(value)) continue;
        corrected[field] = value;
        if (changes[i].models.at(-1) !== name) changes[i].models.push(name);
      }
    });
    return `${JSON.stringify(name)}: ${JSON.stringify(kept(corrected))}`;
  });
  const idle = changes.find(({ models }) => models.length === 0);
  if (idle !== undefined) throw new Error(`this correction changes nothing any more; remove it: ${idle.reason}`);
  const head = {
    source: 'LiteLLM, model_prices_and_context_window.json (MIT, Copyright (c) 2023 Berri AI, https://github.com/BerriAI/litellm), of each model only the fields that NEXUS reads; made by scripts/prices-gen.mjs',
    date,
    units: 'USD per token, or per piece where the name says so; tokens',
    corrections: changes,
  };
  return `{\n${Object.entries(head).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(',\n')},\n"models": {\n${lines.join(',\n')}\n}\n}\n`;
}

function kept(row) {
  const steps = Object.keys(row).filter((field) => STEP.test(field)).sort();
  const fields = ['litellm_provider', 'mode', ...STEPPED, ...steps, ...PLAIN, ...LIMITS, ...ABILITIES];
  return Object.fromEntries(fields.filter((field) => row[field] !== undefined && row[field] !== null).map((field) => [field, row[field]]));
}

/** The decimal that was meant: 3e-7 * 2 is 6e-7, whatever the doubles make of it. */
function exact(value) {
  return Number(value.toPrecision(12));
}

function main(args) {
  const date = args.includes('--date') ? args[args.indexOf('--date') + 1] : undefined;
  const [file] = args.filter((arg, i) => !arg.startsWith('--') && args[i - 1] !== '--date');
  if (file === undefined) {
    console.error('usage: node scripts/prices-gen.mjs TABLE [--date YYYY-MM-DD] [--check]');
    return 2;
  }
  const text = pricesFrom(JSON.parse(readFileSync(file, 'utf8')), date);
  if (!args.includes('--check')) {
    writeFileSync(OUTPUT, text);
    return 0;
  }
  if (readFileSync(OUTPUT, 'utf8') === text) return 0;
  console.error('config/prices.json is not what this table gives: run scripts/prices-gen.mjs without --check, and look at the difference');
  return 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2));
