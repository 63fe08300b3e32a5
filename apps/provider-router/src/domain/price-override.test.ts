import { priceOverridesSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { priceForTenant } from './price-override.js';

const listed = {
  price: { input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000, cacheWrite: 2_500_000, request: 5, version: '2026-07-24' },
  longContext: { aboveInputTokens: 200_000, price: { input: 5_000_000, output: 15_000_000, cacheRead: 2_500_000, cacheWrite: 5_000_000, version: '2026-07-24' } },
};
const overrides = (value: unknown) => priceOverridesSchema.parse({ 'openai/gpt-4o': value });
const on = (day: string, value: unknown, list: typeof listed | undefined = listed) => priceForTenant(['openai/best', 'openai/gpt-4o'], list, overrides(value), day);

it('is what the list says for whoever has set nothing', () => {
  expect(priceForTenant(['openai/gpt-4o'], listed, undefined, '2026-11-20')).toBe(listed);
  expect(priceForTenant(['openai/gpt-4'], listed, overrides({ input: 1 }), '2026-11-20')).toBe(listed);
  expect(priceForTenant(['openai/gpt-4'], undefined, overrides({ input: 1 }), '2026-11-20')).toBeUndefined();
});

it('replaces the buckets that were set, says so in the version, and holds for inputs of every length', () => {
  expect(on('2026-11-20', { input: 2, output: 8 })).toEqual({ price: { ...listed.price, input: 2_000_000, output: 8_000_000, version: '2026-07-24+tenant' }, longContext: undefined });
});

it('leaves the steps of long inputs where only other buckets were set', () => {
  expect(on('2026-11-20', { cache_read: 1 })).toMatchObject({ price: { input: 2_500_000, cacheRead: 1_000_000 }, longContext: { aboveInputTokens: 200_000, price: { input: 5_000_000, cacheRead: 1_000_000, version: '2026-07-24+tenant' } } });
});

it('begins on its day, and the latest that has begun counts, in whatever order they stand', () => {
  const dated = [{ from: '2026-12-01', input: 3 }, { input: 1 }, { from: '2026-11-01', input: 2 }];
  expect(['2026-10-31', '2026-11-01', '2026-11-30', '2027-01-01'].map((day) => on(day, dated)?.price.input)).toEqual([1_000_000, 2_000_000, 2_000_000, 3_000_000]);
  expect(on('2026-10-31', { from: '2026-11-01', input: 2 })).toBe(listed);
});

it('can say what long inputs cost, step by step, each on top of the one below', () => {
  const set = on('2026-11-20', { input: 2, output: 8, long_context: [{ above: 400_000, input: 6 }, { above: 200_000, input: 4, output: 12 }] });
  expect(set?.longContext).toMatchObject({ aboveInputTokens: 200_000, price: { input: 4_000_000, output: 12_000_000 }, longer: { aboveInputTokens: 400_000, price: { input: 6_000_000, output: 12_000_000 } } });
});

it('prices a model that the list does not know, when input and output are set', () => {
  const own = priceForTenant(['openai/gpt-4o'], undefined, overrides({ input: 2, output: 8, image: 0.04 }), '2026-11-20');
  expect(own?.price).toEqual({ input: 2_000_000, output: 8_000_000, cacheRead: 2_000_000, cacheWrite: 2_000_000, image: 40_000_000_000, version: '+tenant' });
  expect(priceForTenant(['openai/gpt-4o'], undefined, overrides({ input: 2 }), '2026-11-20')).toBeUndefined();
});
