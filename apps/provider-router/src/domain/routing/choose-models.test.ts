import { describe, expect, it } from 'vitest';
import { cheaperModels, chooseModels, modelsOfTier, type ChoiceSources } from './choose-models.js';
import { catalogOf, modelConfig, priceOf, providerConfig } from './models.fixture.js';
import { defaultRouting, type RoutingConfig } from './routing-config.js';
import { selectAble } from './select-able.js';
import { constraintsOf } from './tenant-constraints.js';

const catalog = catalogOf([
  providerConfig('demo', [modelConfig('demo', priceOf(0, 0))]),
  providerConfig('big', [modelConfig('best', priceOf(50, 100)), modelConfig('usual', priceOf(5, 10), { supports: { vision: true } }), modelConfig('small', priceOf(2, 4), { supports: { vision: false } })]),
  providerConfig('other', [modelConfig('tiny', priceOf(1, 2), { supports: { vision: false } })]),
  providerConfig('home', [modelConfig('*', priceOf(0, 0))], { offeredWhen: 'reachable', baseUrl: 'http://localhost/v1' }),
  providerConfig('unset', [modelConfig('x', priceOf(1, 1))], { offeredWhen: 'key', keyEnv: ['UNSET_KEY'] }),
], new Map([['home', ['llama']]]));

const sources = (config: Partial<RoutingConfig> = {}, tenant: Record<string, string> = {}): ChoiceSources => ({
  catalog, constraints: constraintsOf({ config: tenant, disabledProviders: [] }), resolve: (name) => catalog.resolve(name),
  config: { ...defaultRouting, tiers: { fast: ['big/small', 'other/tiny', 'unset/x', 'home/*'], balanced: ['big/usual'], best: ['big/best'] }, ...config },
});
const ids = (name: string, of = sources()) => chooseModels(name, of).models.map(({ id }) => id);
const error = (act: () => unknown) => {
  try {
    act();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
};

describe('a tier', () => {
  it('has its models that are set up, the cheapest first', () => {
    expect(ids('fast')).toEqual(['home/llama', 'other/tiny', 'big/small']);
    expect(ids('haiku')).toEqual(ids('fast'));
  });

  it('has them in the order of the file where that is wanted, and then what is to be tried after them', () => {
    expect(ids('fast', sources({ tierOrder: 'listed', fallbacks: new Map([['fast', ['balanced', 'big/small']]]) }))).toEqual(['big/small', 'other/tiny', 'home/llama', 'big/usual']);
    expect(modelsOfTier('fast', sources({ fallbacks: new Map([['fast', ['balanced']]]) })).map(({ id }) => id)).toEqual(['home/llama', 'other/tiny', 'big/small']);
  });

  it('without any is stood in for by the next better one, then by the ones below', () => {
    const of = sources({ tiers: { fast: ['other/tiny'], balanced: ['unset/x'], best: ['big/best'] } });
    expect(chooseModels('balanced', of)).toMatchObject({ tier: 'best', reason: 'the tier balanced has no model here: tier best' });
    expect(chooseModels('best', sources({ tiers: { fast: ['other/tiny'], balanced: [], best: [] } }))).toMatchObject({ tier: 'fast' });
  });

  it('is answered by the demo model when nothing else is set up at all, and it says so', () => {
    const none = { fast: [], balanced: [], best: [] };
    expect(chooseModels('best', sources({ tiers: none }))).toMatchObject({ tier: 'best', models: [{ id: 'demo/demo' }], reason: expect.stringContaining('demo') as string });
    expect(chooseModels('best', sources({ tiers: none, lastResort: undefined })).refusal).toMatchObject({ code: 'no_model_configured', status: 404 });
  });

  it('keeps to what the tenant allows, and names the constraint when nothing is left', () => {
    expect(ids('fast', sources({}, { 'routing.local_only': 'true' }))).toEqual(['home/llama']);
    const choice = chooseModels('fast', sources({}, { 'routing.deny': '["*"]' }));
    expect(choice.models).toEqual([]);
    expect(choice.refusal).toMatchObject({ code: 'model_not_allowed', status: 403, message: expect.stringContaining('routing.deny') as string });
  });
});

describe('a name', () => {
  it('of a model is that model, with what follows it', () => {
    expect(ids('tiny')).toEqual(['other/tiny']);
    const of = sources({ fallbacks: new Map([['other/tiny', ['big/small', 'other/tiny', 'unset/x']]]) });
    expect(ids('tiny', of)).toEqual(['other/tiny', 'big/small']);
    expect(chooseModels('tiny', of).skipped).toMatchObject([{ model: 'unset/x', code: 'provider_not_configured' }]);
  });

  it('of no model is a chain, if there is one', () => {
    const of = sources({ fallbacks: new Map([['house', ['home/llama', 'best']]]) });
    expect(chooseModels('house', of)).toMatchObject({ tier: undefined, models: [{ id: 'home/llama' }, { id: 'big/best' }], skipped: [] });
    expect(error(() => chooseModels('hause', of))).toMatchObject({ code: 'model_not_found' });
  });

  it('of a model that is not set up has its chain go on without it', () => {
    expect(error(() => chooseModels('unset/x', sources()))).toMatchObject({ code: 'provider_not_configured' });
    expect(ids('unset/x', sources({ fallbacks: new Map([['unset/x', ['other/tiny']]]) }))).toEqual(['other/tiny']);
  });
});

describe('selectAble', () => {
  const demand = { mode: 'chat' as const, bytes: 10, traits: () => ({ hasTools: false, hasImages: true, hasFiles: false, hasAudio: false, hasSchema: false, reasoning: 'none' as const, characters: 10, images: 1, toolCount: 0, messages: 1, question: '', maxOutputTokens: undefined }) };
  const blind = sources({ tiers: { fast: ['other/tiny', 'big/small'], balanced: ['big/usual'], best: [] } });

  it('goes on to another tier when no model of the tier can, and says why', () => {
    expect(selectAble(chooseModels('fast', blind), demand)).toMatchObject({ choice: { tier: 'balanced' }, models: [{ id: 'big/usual' }], skipped: [{ model: 'other/tiny', code: 'not_able' }, { model: 'big/small' }] });
  });

  it('refuses a model by its name, and many with what each lacks', () => {
    expect(error(() => selectAble(chooseModels('big/small', blind), demand))).toMatchObject({ code: 'no_model_can_serve', status: 400, message: '"big/small" cannot serve this request: it takes no images.' });
    const all = sources({ tiers: { fast: ['other/tiny', 'big/small'], balanced: [], best: [] } });
    expect(error(() => selectAble(chooseModels('fast', all), demand))).toMatchObject({ message: 'No model can serve this request: other/tiny: it takes no images; big/small: it takes no images.' });
  });
});

it('what costs less comes from the next cheaper tier first', () => {
  const best = catalog.resolve('big/best');
  expect(cheaperModels(best, 'best', sources()).map(({ id }) => id)).toEqual(['big/usual', 'home/llama', 'other/tiny', 'big/small']);
  expect(cheaperModels(best, undefined, sources()).map(({ id }) => id)[0]).toBe('big/usual');
  expect(cheaperModels(catalog.resolve('other/tiny'), 'fast', sources())).toEqual([]);
});
