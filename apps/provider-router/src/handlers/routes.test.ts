import { create } from '@bufbuild/protobuf';
import { InferenceRequestSchema, TenantSettingsSchema, Wire, type TenantSettings } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { readAskedCall, type AskedCall } from '../domain/asked-call.js';
import { catalogOf, modelConfig, priceOf, providerConfig } from '../domain/routing/models.fixture.js';
import { defaultRouting, type RoutingConfig } from '../domain/routing/routing-config.js';
import { Routes, type AskClassifier } from './routes.js';

const providers = [providerConfig('p', [modelConfig('small', priceOf(1, 2)), modelConfig('large', priceOf(10, 20)), modelConfig('vectors', priceOf(1, 0), { mode: 'embedding' })])];
const config: RoutingConfig = { ...defaultRouting, tiers: { fast: ['p/small'], balanced: ['p/small'], best: ['p/large'] }, classifier: { model: 'fast', below: 0.6, withinMs: 100 } };
const settings = (more: Record<string, string> = {}): TenantSettings => create(TenantSettingsSchema, { config: more });
const asked = (content: string): AskedCall => readAskedCall(create(InferenceRequestSchema, { input: { case: 'body', value: Buffer.from(JSON.stringify({ messages: [{ role: 'user', content }] })) } }));
const nobody: AskClassifier = () => Promise.reject(new Error('asked for nothing'));
const vague = 'the weather over the hills and what came of it '.repeat(10);

function routesAt(day = 0, more: Partial<RoutingConfig> = {}) {
  const world = { models: { catalog: catalogOf(providers) }, now: day * 86_400_000 };
  return { world, routes: new Routes({ models: world.models, config: { ...config, ...more }, clock: { now: () => world.now } }) };
}

describe('the routes of a name', () => {
  it('are reckoned once for the same settings, and anew when these, the models or the day are others', async () => {
    const { world, routes } = routesAt();
    const mine = settings();
    const choice = async (of = mine) => (await routes.find('p/small', asked('hi'), of, nobody)).choice;
    const first = await choice();
    expect(await choice()).toBe(first);
    expect(await choice(settings())).not.toBe(first);
    expect(await choice()).toBe(first);
    world.models.catalog = catalogOf(providers);
    const second = await choice();
    expect(second).not.toBe(first);
    world.now += 86_400_000;
    expect(await choice()).not.toBe(second);
  });

  it('have the tenant\'s prices of the day', async () => {
    const { world, routes } = routesAt(20_000); // 2024-10-04
    const mine = settings({ prices: JSON.stringify({ 'p/small': [{ output: 1 }, { from: '2024-10-05', output: 7 }] }) });
    const price = async () => (await routes.find('p/small', asked('hi'), mine, nobody)).models[0]?.price.output;
    expect(await price()).toBe(1_000_000);
    world.now += 86_400_000;
    expect(await price()).toBe(7_000_000);
  });
});

describe('auto', () => {
  const auto = (ask: AskClassifier, content = vague, more: Partial<RoutingConfig> = {}, tenant = settings()) => routesAt(0, more).routes.find('auto', asked(content), tenant, ask);

  it('asks nobody when the rules are sure, or when there is no model to ask', async () => {
    expect((await auto(nobody, 'hi')).classification).toMatchObject({ tier: 'fast', classifier: 'rules' });
    expect((await auto(nobody, vague, { classifier: { ...config.classifier, model: undefined } })).classification).toMatchObject({ tier: 'balanced', classifier: 'rules', confidence: 0.5 });
    expect((await auto(nobody, vague, { lastResort: 'p/small' })).classification).toMatchObject({ classifier: 'rules' });
    expect((await auto(nobody, vague, {}, settings({ 'routing.deny': '["p/small"]' })))).toMatchObject({ classification: { classifier: 'rules' } });
  });

  it('does as the model says, or falls back to the tenant\'s default tier and says so', async () => {
    expect(await auto(async () => 'best')).toMatchObject({ classification: { tier: 'best', classifier: 'model' }, models: [{ id: 'p/large' }] });
    expect(await auto(async () => undefined, vague, {}, settings({ 'routing.default_tier': '"best"' }))).toMatchObject({ classification: { tier: 'best', classifier: 'default', confidence: 0 } });
  });

  it('is not asked twice: what an earlier life classified counts', async () => {
    const earlier = { tier: 'best', confidence: 0.7, reason: 'said so', classifier: 'model' } as const;
    expect(await routesAt().routes.find('auto', asked(vague), settings(), nobody, earlier)).toMatchObject({ classification: earlier, choice: { tier: 'best' } });
  });
});

it('embeddings are asked of models for them, others of the others', async () => {
  const { routes } = routesAt();
  const embed = readAskedCall(create(InferenceRequestSchema, { wire: Wire.OPENAI_EMBEDDINGS, input: { case: 'body', value: Buffer.from('{"input":"x"}') } }));
  expect((await routes.find('p/vectors', embed, settings(), nobody)).models).toHaveLength(1);
  await expect(routes.find('p/small', embed, settings(), nobody)).rejects.toMatchObject({ code: 'no_model_can_serve' });
  await expect(routes.find('p/vectors', asked('hi'), settings(), nobody)).rejects.toMatchObject({ code: 'no_model_can_serve' });
});
