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
  'input_cost_per_audio_token', 'output_cost_per_audio_token', 'output_cost_per_reasoning_token', 'output_cost_per_image', 'input_cost_per_request', 'search_context_cost_per_query',
];
const LIMITS = ['max_input_tokens', 'max_output_tokens'];
const ABILITIES = ['supports_function_calling', 'supports_vision', 'supports_reasoning', 'supports_response_schema', 'supports_audio_input', 'supports_pdf_input'];

/** What the table has wrong, or leaves out: `fix(name, row)` answers the fields to set, or nothing. A correction that no longer changes anything fails. */
const CORRECTIONS = [
  {
    reason: 'Anthropic charges twice the price of input for a cache that lasts an hour, with every model; the table has the price of Sonnet for Claude 3 Haiku and Opus, and none for some (docs.claude.com, Pricing, Prompt caching)',
    fix: (_, row) => row.litellm_provider === 'anthropic' && row.cache_creation_input_token_cost !== undefined && { cache_creation_input_token_cost_above_1hr: exact(row.input_cost_per_token * 2) },
  },
];

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
        if (corrected[field] === value) continue;
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
