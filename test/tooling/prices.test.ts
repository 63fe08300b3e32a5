import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/prices-gen.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'nexus-prices-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
mkdirSync(join(folder, 'scripts'));
mkdirSync(join(folder, 'config'));
copyFileSync(script, join(folder, 'scripts/prices-gen.mjs'));

const haiku = { litellm_provider: 'anthropic', mode: 'chat', input_cost_per_token: 2.5e-7, cache_creation_input_token_cost: 3e-7, cache_creation_input_token_cost_above_1hr: 6e-6, supports_vision: true, deprecation_date: '2026-01-01' };
const long = { litellm_provider: 'openai', mode: 'chat', input_cost_per_token: 2.5e-6, output_cost_per_token: 1.5e-5, max_input_tokens: 1_050_000 };
const retired = { litellm_provider: 'gemini', mode: 'embedding', input_cost_per_token: 7.5e-8, output_cost_per_token: 0 };
const hearing = { litellm_provider: 'gemini', mode: 'chat', input_cost_per_token: 3e-7, input_cost_per_audio_token: 1e-6, cache_read_input_token_cost: 3e-8 };
const table = {
  _source: 'stored copy of 2026-07-24',
  models: { 'b/one': { litellm_provider: 'elsewhere' }, 'gpt-9': { litellm_provider: 'openai', mode: 'chat', input_cost_per_token_above_512k_tokens: 1e-6 }, haiku, 'gpt-5.4': long, 'gemini/gemini-1.5-flash': retired, 'gemini/hearing': hearing },
};

function run(content: object, ...args: string[]): { status: number | null; stderr: string } {
  writeFileSync(join(folder, 'table.json'), JSON.stringify(content));
  return spawnSync(process.execPath, [join(folder, 'scripts/prices-gen.mjs'), join(folder, 'table.json'), ...args], { encoding: 'utf8' });
}

it('keeps the fields that are read, in order, and puts right what the table has wrong', () => {
  expect(run(table)).toMatchObject({ status: 0, stderr: '' });
  const prices = JSON.parse(readFileSync(join(folder, 'config/prices.json'), 'utf8')) as { date: string; models: Record<string, object>; corrections: { models: string[] }[] };
  expect(prices.date).toBe('2026-07-24');
  expect(prices.corrections.map(({ models }) => models)).toEqual([['haiku'], ['gpt-5.4'], ['gpt-5.4'], ['gemini/hearing'], ['gemini/gemini-1.5-flash']]);
  expect(Object.keys(prices.models)).toEqual(['gemini/gemini-1.5-flash', 'gemini/hearing', 'gpt-5.4', 'gpt-9', 'haiku']);
  expect(prices.models).toMatchObject({
    'gpt-5.4': { input_cost_per_token_above_272k_tokens: 5e-6, output_cost_per_token_above_272k_tokens: 2.25e-5 },
    'gemini/hearing': { cache_read_input_audio_token_cost: 1e-7 },
    'gemini/gemini-1.5-flash': { mode: 'chat', output_cost_per_token: 3e-7 },
  });
  expect({ 'gpt-9': prices.models['gpt-9'], haiku: prices.models['haiku'] }).toEqual({
    'gpt-9': { litellm_provider: 'openai', mode: 'chat', input_cost_per_token_above_512k_tokens: 1e-6 },
    haiku: { litellm_provider: 'anthropic', mode: 'chat', input_cost_per_token: 2.5e-7, cache_creation_input_token_cost: 3e-7, cache_creation_input_token_cost_above_1hr: 5e-7, supports_vision: true },
  });
});

it('says when the file is not what the table gives', () => {
  run(table);
  expect(run(table, '--check').status).toBe(0);
  const changed = { ...table, models: { ...table.models, haiku: { ...haiku, input_cost_per_token: 3e-7 } } };
  expect(run(changed, '--check')).toMatchObject({ status: 1, stderr: expect.stringContaining('is not what this table gives') as string });
});

it('refuses a table without a day or models, and a correction that corrects nothing', () => {
  expect(run({ models: table.models }).stderr).toContain('give --date');
  expect(run({ models: table.models }, '--date', '2026-08-01').status).toBe(0);
  expect(run({ ...table, models: { x: { litellm_provider: 'elsewhere' } } }).stderr).toContain('no models');
  expect(run({ ...table, models: { 'gpt-9': table.models['gpt-9'] } }).stderr).toContain('changes nothing any more');
});
