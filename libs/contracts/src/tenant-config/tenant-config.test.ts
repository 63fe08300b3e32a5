import { describe, expect, it } from 'vitest';
import { priceOverridesSchema } from './price-overrides.js';
import { isTenantConfigKey, tenantConfigFaults, tenantConfigKeys } from './tenant-config.js';

describe('prices', () => {
  it('takes one price of a model or several with their days', () => {
    const one = { input: 2.5, output: 10 };
    expect(priceOverridesSchema.parse({ 'openai/gpt-4o': one, 'groq/openai/gpt-oss-120b': [one, { from: '2026-11-01', input: 2, long_context: [{ above: 200_000, input: 4 }] }] })).toEqual({
      'openai/gpt-4o': [one],
      'groq/openai/gpt-oss-120b': [one, { from: '2026-11-01', input: 2, long_context: [{ above: 200_000, input: 4 }] }],
    });
  });

  it.each([
    ['a model without its provider', { 'gpt-4o': { input: 1 } }, 'gpt-4o: must be a provider and a model, such as openai/gpt-4o'],
    ['a price below zero', { 'a/b': { input: -1 } }, 'a/b.input: must not be negative'],
    ['a price that is a text', { 'a/b': [{ input: '1' }] }, 'a/b.0.input: must be USD'],
    ['a bucket that there is not', { 'a/b': { inptu: 1 } }, 'a/b.inptu: is not known here'],
    ['a day that is none', { 'a/b': { from: '2026-02-31', input: 1 } }, 'a/b.from: must be a day such as 2026-11-01'],
    ['no price at all', { 'a/b': { from: '2026-02-01' } }, 'a/b: names no price'],
  ])('refuses %s and says where', (_what, value, fault) => {
    expect(tenantConfigFaults('prices', value)).toContain(fault);
  });
});

it('knows what a markup and a plan may be', () => {
  expect(tenantConfigFaults('billing', { acme: { markup_percent: 12.25 }, beta: {} })).toEqual([]);
  expect(tenantConfigFaults('billing', { acme: { markup_percent: 12.345 } })).toEqual(['acme.markup_percent: may have two decimals']);
  expect(tenantConfigFaults('invoice.markup_percent', '20')).toEqual(['must be a number of percent']);
  expect(tenantConfigFaults('plan', 'team')).toEqual([]);
  expect(tenantConfigFaults('plan', { runs_per_month: 20 })).toEqual([]);
  expect(tenantConfigFaults('plan', 'gold')).toHaveLength(1);
});

it('knows which surfaces serve only known people, and how many messages a person may send', () => {
  expect(tenantConfigFaults('identity.surfaces', [])).toEqual([]);
  expect(tenantConfigFaults('identity.surfaces', ['telegram', 'my-surface'])).toEqual([]);
  expect(tenantConfigFaults('identity.surfaces', ['Telegram'])).toEqual(['0: must be the name of a surface, such as telegram']);
  expect(tenantConfigFaults('identity.messages_per_minute', 6_000)).toEqual([]);
  expect(tenantConfigFaults('identity.messages_per_minute', 0)).toEqual(['must be at least 1']);
  expect(tenantConfigFaults('identity.messages_per_minute', 6_001)).toEqual(['must be at most 6000']);
});

it('tells keys that something goes by from those of which nobody reads', () => {
  expect([...tenantConfigKeys, 'agent.default.model'].every(isTenantConfigKey)).toBe(true);
  expect(['identity.surface', 'agent.model', 'agent.default.instructions', 'constructor'].some(isTenantConfigKey)).toBe(false);
});

it('finds no fault in keys that it knows nothing of, whatever they are called', () => {
  expect(tenantConfigFaults('agent.default.model', 1)).toEqual([]);
  expect(tenantConfigFaults('constructor', 1)).toEqual([]);
});
