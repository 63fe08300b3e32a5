import { describe, expect, it } from 'vitest';
import { modelOf, priceOf } from './models.fixture.js';
import { constraintsOf, isLocal, violationOf } from './tenant-constraints.js';

const constraints = (config: Record<string, string>, disabledProviders: string[] = []) => constraintsOf({ config, disabledProviders });

describe('violationOf', () => {
  it.each([
    ['nothing', {}, undefined],
    ['local only', { 'routing.local_only': 'true' }, 'routing.local_only'],
    ['local only, switched off', { 'routing.local_only': 'false' }, undefined],
    ['a list that has it', { 'routing.allow': '["p/m"]' }, undefined],
    ['a list that has it by its own name', { 'routing.allow': '["m"]' }, undefined],
    ['a pattern that has it', { 'routing.allow': '["q/*", "p/*"]' }, undefined],
    ['a list that has it not', { 'routing.allow': '["q/*"]' }, 'routing.allow'],
    ['an empty list, which names none to keep to', { 'routing.allow': '[]' }, undefined],
    ['a list of what must not be used', { 'routing.deny': '["p/*"]' }, 'routing.deny'],
    ['both lists: what must not be used counts', { 'routing.deny': '["m"]', 'routing.allow': '["m"]' }, 'routing.deny'],
    ['a price above its own', { 'routing.max_price': '2' }, undefined],
    ['a price below its own', { 'routing.max_price': '1.99' }, 'routing.max_price'],
    ['plain text, as another service may have written it', { 'routing.deny': 'q/x, p/m' }, 'routing.deny'],
    ['a price that cannot be read, which lets nothing through', { 'routing.max_price': '"cheap"' }, 'routing.max_price'],
    ['a switch that cannot be read, which is on', { 'routing.local_only': '"yes please"' }, 'routing.local_only'],
  ])('%s', (_what, config, constraint) => {
    const violation = violationOf(modelOf({ price: priceOf(1_000_000, 2_000_000) }), constraints(config));
    expect(violation?.constraint).toBe(constraint);
  });

  it('looks behind the names under which a model is offered: its own name, and that of a model whose maker is another', () => {
    const denied = constraints({ 'routing.deny': '["gpt-4o", "p/dear"]' });
    expect(violationOf(modelOf({ upstreamName: 'dear' }), denied)?.constraint).toBe('routing.deny');
    expect(violationOf({ ...modelOf(), id: 'openrouter/openai/gpt-4o', upstreamModel: 'openai/gpt-4o' }, denied)?.constraint).toBe('routing.deny');
    expect(violationOf(modelOf({ upstreamName: 'gpt-4o-mini' }), denied)).toBeUndefined();
  });

  it.each(['gpt-oss:120b-cloud', 'glm-4.6:cloud'])('knows that %s is not of this machine, although it is asked there', (upstreamModel) => {
    const local = { ...modelOf({}, { baseUrl: 'http://127.0.0.1:11434/v1' }), upstreamModel };
    expect(violationOf(local, constraints({ 'routing.local_only': 'true' }))?.constraint).toBe('routing.local_only');
    expect(violationOf({ ...local, upstreamModel: 'gpt-oss:20b' }, constraints({ 'routing.local_only': 'true' }))).toBeUndefined();
  });

  it('names a provider that is switched off', () => {
    expect(violationOf(modelOf(), constraints({}, ['p']))).toMatchObject({ constraint: 'disabled providers' });
  });
});

it.each([
  ['http://127.0.0.1:11434/v1', true], ['http://localhost/v1', true], ['http://[::1]:80/v1', true], ['http://10.1.2.3/v1', true], ['http://192.168.0.9/v1', true], ['http://172.16.0.1/v1', true],
  ['http://ollama:11434/v1', true], ['http://box.local/v1', true], ['http://llm.svc.internal/v1', true],
  ['https://api.openai.com/v1', false], ['http://172.32.0.1/v1', false], ['http://11.0.0.1/v1', false], ['http://localhost.example.org/v1', false], ['http://[2001:db8::1]/v1', false], ['http://10.1.2.3.example.org', false],
])('%s is local: %s', (baseUrl, is) => {
  expect(isLocal({ baseUrl })).toBe(is);
});
