import { describe, expect, it } from 'vitest';
import { newProvider, type ProviderWish } from './new-provider.js';

const wish = (more: Partial<ProviderWish>): ProviderWish => ({ name: 'acme', models: [], ...more });

describe('a new provider', () => {
  it('is what its options say', () => {
    expect(newProvider(wish({ baseUrl: 'https://api.acme.example/v1', keyVariable: 'ACME_API_KEY', models: ['a', 'b*'], price: '0.25/1.5' }))).toEqual({
      name: 'acme', base_url: 'https://api.acme.example/v1', api_key_env: 'ACME_API_KEY',
      models: [{ id: 'a', price: { input: 0.25, output: 1.5 } }, { id: 'b*', price: { input: 0.25, output: 1.5 } }],
    });
  });

  it('is known by its name, and what stands on one\'s own machine costs nothing', () => {
    expect(newProvider(wish({ name: 'lmstudio' }))).toEqual({ name: 'lmstudio', base_url: 'http://127.0.0.1:1234/v1', offered_when: 'reachable', models: [{ id: '*', price: 'free' }] });
    expect(newProvider(wish({ name: 'openai' }))).toEqual({ name: 'openai', base_url: 'https://api.openai.com/v1', api_key_env: 'OPENAI_API_KEY', models: [{ id: '*' }] });
  });

  it('of a preset that has its own wire is spoken to in it', () => {
    expect(newProvider(wish({ name: 'work', preset: 'anthropic' }))).toMatchObject({ kind: 'anthropic', base_url: 'https://api.anthropic.com/v1', price_list: 'anthropic' });
    expect(newProvider(wish({ name: 'work', preset: 'openai' }))).not.toHaveProperty('kind');
  });

  it('under another name keeps the prices of its preset', () => {
    expect(newProvider(wish({ name: 'work', preset: 'openai', keyVariable: 'WORK_KEY' }))).toMatchObject({ base_url: 'https://api.openai.com/v1', api_key_env: 'WORK_KEY', price_list: 'openai' });
  });

  it.each<[string, Partial<ProviderWish>, RegExp]>([
    ['a name in capitals', { name: 'Acme', baseUrl: 'https://a.example', price: 'free' }, /lower-case/],
    ['no address', { price: 'free' }, /--base-url/],
    ['a preset that is none', { preset: 'nobody' }, /There is no preset "nobody"; there are: openai/],
    ['a secret in its address', { baseUrl: 'https://user:pw@a.example', price: 'free' }, /never stands in it/],
    ['a key instead of its variable', { baseUrl: 'https://a.example', keyVariable: 'sk-123', price: 'free' }, /--key-stdin/],
    ['no price', { baseUrl: 'https://a.example' }, /--price/],
    ['half a price', { baseUrl: 'https://a.example', price: '0.25' }, /--price/],
    ['a hosted preset without a listed price', { name: 'together' }, /--price/],
  ])('with %s is refused', (_, more, message) => {
    expect(() => newProvider(wish(more))).toThrow(message);
  });
});
