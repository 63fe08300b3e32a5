import { AppError } from '@nexus/core';
import type { ModelCatalog, ResolvedModel } from '../model-catalog.js';
import { isPattern, matchesPattern } from '../model-pattern.js';
import type { RoutingConfig } from './routing-config.js';
import { violationOf, type TenantConstraints, type Violation } from './tenant-constraints.js';
import { nearestTiers, tierOf, tiers, type Tier } from './tier.js';

/** A model that is passed over, and why. */
export interface Skipped {
  /** `provider/model`, or the name as it was asked for. */
  readonly model: string;
  readonly code: string;
  readonly reason: string;
}

/** Which models may answer to a name, in the order in which they are tried, as far as the request itself does not matter. */
export interface Choice {
  /** Undefined when models were asked for by name. */
  readonly tier: Tier | undefined;
  readonly models: readonly ResolvedModel[];
  /** What was named and may not be used, or is not set up. */
  readonly skipped: readonly Skipped[];
  /** In words, why these. */
  readonly reason: string;
  /** Tried in their place, one after the other, when none of the models can serve the request. */
  readonly instead: () => readonly Choice[];
  /** What to say when there is no model. */
  readonly refusal: AppError | undefined;
}

export interface ChoiceSources {
  readonly catalog: ModelCatalog;
  readonly config: RoutingConfig;
  readonly constraints: TenantConstraints;
  /** The catalog's, at the tenant's own prices. */
  readonly resolve: (name: string) => ResolvedModel;
}

/** A chain of fallbacks may name tiers, but nobody needs more. */
const MOST_MODELS = 32;

/**
 * The models for a name: a model's, with its fallbacks; a tier's; or a chain's. Throws AppError `model_not_found`, `provider_not_configured`
 * or `model_price_unknown` for a single model that is not to be had.
 */
export function chooseModels(requested: string, sources: ChoiceSources): Choice {
  const tier = tierOf(requested);
  return tier === undefined ? byName(requested, sources) : byTier(tier, sources);
}

/** The models of the tiers that cost less than one that the budget does not afford: of the next cheaper tier first. */
export function cheaperModels(refused: ResolvedModel, tier: Tier | undefined, sources: ChoiceSources): readonly ResolvedModel[] {
  const from = tier ?? tiers.findLast((one) => ofTier(one, sources).models.some(({ id }) => id === refused.id));
  const below = tiers.slice(0, from === undefined ? tiers.length : tiers.indexOf(from)).toReversed();
  return below.flatMap((one) => ofTier(one, sources).models).filter(({ id, price }) => id !== refused.id && price.input + price.output < refused.price.input + refused.price.output);
}

/** The models of a tier that are set up and allowed, in order, without what is tried after them. */
export function modelsOfTier(tier: Tier, sources: ChoiceSources): readonly ResolvedModel[] {
  return ofTier(tier, { ...sources, config: { ...sources.config, fallbacks: new Map() } }).models;
}

function byName(requested: string, sources: ChoiceSources): Choice {
  const chain = sources.config.fallbacks.get(requested) ?? [];
  const found = find(requested, sources);
  if (chain.length === 0 && found.error) throw found.error;
  const isAlias = found.error?.code === 'model_not_found';
  const own = isAlias ? [] : [found];
  const next = sources.config.fallbacks.get(found.model?.id ?? '') ?? chain;
  const all = [...own, ...(isAlias ? chain : next).flatMap((name) => expand(name, sources))].slice(0, MOST_MODELS);
  return choiceOf(all, sources, isAlias ? 'asked for by the name of a chain' : 'asked for by name');
}

function byTier(tier: Tier, sources: ChoiceSources): Choice {
  const own = ofTier(tier, sources);
  const others = nearestTiers(tier).map((one) => ofTier(one, sources));
  if (own.models.length > 0) return { ...own, instead: () => others };
  const near = others.find(({ models }) => models.length > 0);
  if (near) return { ...near, reason: `the tier ${tier} has no model here: ${near.reason}`, instead: () => others.filter((other) => other !== near) };
  return lastResort(own, sources);
}

function ofTier(tier: Tier, sources: ChoiceSources): Choice {
  const { catalog, config } = sources;
  const found = config.tiers[tier].flatMap((name) => expand(name, sources)).filter(({ model }) => model !== undefined && model.mode !== 'embedding' && catalog.isOffered(model.target.name));
  const sorted = config.tierOrder === 'cheapest' ? found.toSorted((a, b) => worth(a.model) - worth(b.model)) : found;
  const chain = (config.fallbacks.get(tier) ?? []).flatMap((name) => expand(name, sources));
  return { ...choiceOf([...sorted, ...chain].slice(0, MOST_MODELS), sources, `tier ${tier}`), tier, skipped: [] };
}

function lastResort(own: Choice, sources: ChoiceSources): Choice {
  const name = sources.config.lastResort;
  const found = name === undefined ? undefined : find(name, sources);
  if (found?.model === undefined || own.refusal?.code === 'model_not_allowed') {
    return { ...own, refusal: own.refusal ?? new AppError('no_model_configured', `No model of the tier ${own.tier} is set up, and no other either. Set the key of a provider, or name a model.`, { status: 404, param: 'model' }) };
  }
  return { ...choiceOf([found], sources, 'no other model is set up: the demo model answers, by fixed rules'), tier: own.tier };
}

interface Found {
  readonly name: string;
  readonly model?: ResolvedModel;
  readonly error?: AppError;
}

function choiceOf(found: readonly Found[], { constraints }: ChoiceSources, reason: string): Choice {
  const models: ResolvedModel[] = [];
  const skipped: Skipped[] = [];
  let violation: Violation | undefined;
  for (const { name, model, error } of found) {
    const broken = model && violationOf(model, constraints);
    violation ??= broken;
    if (error) skipped.push({ model: name, code: error.code, reason: error.message });
    else if (broken) skipped.push({ model: model.id, code: 'model_not_allowed', reason: broken.message });
    else if (model && !models.some(({ id }) => id === model.id)) models.push(model);
  }
  return { tier: undefined, models, skipped, reason, instead: () => [], refusal: models.length > 0 ? undefined : refusalOf(found, violation) };
}

function refusalOf(found: readonly Found[], violation: Violation | undefined): AppError | undefined {
  if (violation === undefined) return found.find(({ error }) => error)?.error;
  if (violation.constraint === 'disabled providers' && found.length === 1) return new AppError('provider_disabled', violation.message, { status: 403, param: 'model' });
  return new AppError('model_not_allowed', violation.message, { status: 403, param: 'model' });
}

/** A tier's models, the known models that fit a pattern, or one model. */
function expand(name: string, sources: ChoiceSources): readonly Found[] {
  const tier = tierOf(name);
  if (tier !== undefined) return sources.config.tiers[tier].filter((one) => tierOf(one) === undefined).flatMap((one) => expand(one, sources));
  if (!isPattern(name)) return [find(name, sources)];
  return sources.catalog.list().flatMap(({ id, provider }) => (matchesPattern(name, `${provider}/${id}`) ? [find(`${provider}/${id}`, sources)] : [])).filter(({ model }) => model !== undefined);
}

function find(name: string, { resolve }: ChoiceSources): Found {
  try {
    return { name, model: resolve(name) };
  } catch (error) {
    if (error instanceof AppError) return { name, error };
    throw error;
  }
}

/** Input outweighs output in what people ask. */
function worth(model: ResolvedModel | undefined): number {
  return model === undefined ? 0 : 3 * model.price.input + model.price.output;
}
