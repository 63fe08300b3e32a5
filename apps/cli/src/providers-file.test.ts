import { readFileSync } from 'node:fs';
import { parseProviders } from '@nexus/provider-router/module';
import { expect, it } from 'vitest';
import { newProvider } from './domain/new-provider.js';
import { presetNames } from './domain/provider-presets.js';
import { listedProviders, withProvider } from './providers-file.js';

const shipped = readFileSync(new URL('../../../config/providers.yaml', import.meta.url), 'utf8');
const entry = newProvider({ name: 'acme', baseUrl: 'https://api.acme.example/v1', keyVariable: 'ACME_API_KEY', models: ['some/model'], price: '0.25/1.5' });

it('adds to the shipped file and changes no character of what was there', () => {
  const changed = withProvider(shipped, 'providers.yaml', entry);
  expect(changed.startsWith(shipped.trimEnd())).toBe(true);
  expect(changed.slice(shipped.trimEnd().length)).toBe(`

  - name: acme
    base_url: https://api.acme.example/v1
    api_key_env: ACME_API_KEY
    models:
      - { id: some/model, price: { input: 0.25, output: 1.5 } }
`);
  expect(parseProviders(changed, 'providers.yaml').at(-1)).toMatchObject({ name: 'acme', keyEnv: ['ACME_API_KEY'] });
});

it('adds before what follows the list', () => {
  const text = 'providers:\n- name: a\n  base_url: http://a\n# the end\n';
  expect(withProvider(text, 'f', entry)).toContain('  base_url: http://a\n\n- name: acme\n  base_url');
  expect(listedProviders(withProvider(`${text}other: 1\n`, 'f', entry), 'f').map(({ name }) => name)).toEqual(['a', 'acme']);
  expect(withProvider(`${text}other: 1\n`, 'f', entry)).toMatch(/other: 1\n$/);
});

it('can be done again and again', () => {
  const twice = withProvider(withProvider(shipped, 'f', entry), 'f', { ...entry, name: 'other' });
  expect(listedProviders(twice, 'f').slice(-2).map(({ name }) => name)).toEqual(['acme', 'other']);
});

it('knows who is there, and where their keys are looked for', () => {
  const listed = listedProviders(shipped, 'f');
  expect(listed.find(({ name }) => name === 'gemini')).toEqual({ name: 'gemini', keyVariables: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'] });
  expect(listed.find(({ name }) => name === 'demo')).toEqual({ name: 'demo', keyVariables: [] });
});

it.each([
  ['no YAML', 'providers: [', /^f: /],
  ['no list', 'providers: none', /no list of providers/],
  ['an empty list', 'providers: []', /by hand/],
  ['a list on one line', 'providers: [{ name: a }]', /by hand/],
])('with %s says so and changes nothing', (_, text, message) => {
  expect(() => withProvider(text, 'f', entry)).toThrow(message);
});

it.each(presetNames)('passes the check of the start with the preset %s', (preset) => {
  const changed = withProvider('providers:\n  - { name: x, base_url: http://x, models: [{ id: x, price: free }] }\n', 'f', newProvider({ name: `my-${preset}`, preset, models: [], price: ['together', 'fireworks', 'cerebras', 'openrouter'].includes(preset) ? '1/2' : undefined }));
  expect(parseProviders(changed, 'f')).toHaveLength(2);
});
