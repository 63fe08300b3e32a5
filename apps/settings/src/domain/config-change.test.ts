import { describe, expect, it } from 'vitest';
import { auditable, configChangeFrom } from './config-change.js';

describe('configChangeFrom', () => {
  it('tells what is set from what is removed', () => {
    const change = configChangeFrom({ 'agent.default.model': '"demo"', 'agent.limits': '{"steps":8}', 'old.key': '' });
    expect([...change.set]).toEqual([['agent.default.model', '"demo"'], ['agent.limits', '{"steps":8}']]);
    expect(change.remove).toEqual(['old.key']);
  });

  it.each([
    ['no key', {}, 'values'],
    ['a key in upper case', { Agent: '1' }, 'values'],
    ['a key that every object has', { __proto__x: '1' }, 'values'],
    ['a key that ends in a dot', { 'agent.': '1' }, 'values'],
    ['a text that is no JSON', { 'agent.model': 'demo' }, 'agent.model'],
    ['an escaped NUL, which Postgres cannot keep', { 'agent.name': '"a\\u0000"' }, 'agent.name'],
    ['a value that is too long', { 'agent.name': `"${'x'.repeat(65_536)}"` }, 'agent.name'],
    ['a price below zero', { prices: '{"openai/gpt-4o":{"input":-1}}' }, 'prices'],
    ['too many keys', Object.fromEntries(Array.from({ length: 201 }, (_, index) => [`key${index}`, '1'])), 'values'],
  ])('refuses %s and names it', (_what, values, param) => {
    expect(() => configChangeFrom(values)).toThrow(expect.objectContaining({ code: 'invalid_config', status: 400, param }));
  });
});

it('says which key holds what it may not', () => {
  expect(() => configChangeFrom({ 'identity.messages_per_minute': '0' })).toThrow('identity.messages_per_minute: must be at least 1');
});

describe('auditable', () => {
  it('keeps secrets out of the audit', () => {
    expect(auditable('telegram.bot-token', '"12:abc"')).toBe('(not shown)');
    expect(auditable('agent.model', '"demo"')).toBe('demo');
    expect(auditable('agent.model', undefined)).toBeNull();
  });
});
