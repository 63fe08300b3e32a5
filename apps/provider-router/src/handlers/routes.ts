import { Wire, priceOverridesSchema, type PriceOverrides, type TenantSettings } from '@nexus/contracts';
import type { Clock } from '@nexus/core';
import type { AskedCall } from '../domain/asked-call.js';
import type { ModelCatalog, ResolvedModel } from '../domain/model-catalog.js';
import { priceForTenant } from '../domain/price-override.js';
import { chooseModels, modelsOfTier, type Choice, type ChoiceSources } from '../domain/routing/choose-models.js';
import { classify, type Classification } from '../domain/routing/classify.js';
import type { Demand } from '../domain/routing/lacks.js';
import { traitsOf, type RequestTraits } from '../domain/routing/request-traits.js';
import type { RoutingConfig } from '../domain/routing/routing-config.js';
import { selectAble, type Selection } from '../domain/routing/select-able.js';
import { constraintsOf } from '../domain/routing/tenant-constraints.js';
import { tierOf, type Tier } from '../domain/routing/tier.js';
import type { Models } from '../providers/models.js';

/** The name that leaves the choice to NEXUS. */
export const AUTO = 'auto';

/** How a request is routed. */
export interface Route extends Selection {
  readonly classification: Classification | undefined;
  readonly sources: ChoiceSources;
  readonly demand: Demand;
}

/** What is reckoned once for a tenant's settings, as long as these and the catalog are the same. */
interface TenantRoutes {
  readonly catalog: ModelCatalog;
  readonly day: number;
  readonly sources: ChoiceSources;
  readonly choices: Map<string, Choice>;
  /** The cheap model that classifies; undefined when there is none. */
  readonly classifier: () => ResolvedModel | undefined;
}

/** Asks a cheap model how hard a request is. Undefined: there is none to ask. Never rejects but with what ends the whole request. */
export type AskClassifier = (model: ResolvedModel, traits: RequestTraits) => Promise<Tier | undefined>;

const DAY_MS = 86_400_000;
/** Callers choose names, so the memory of them has a bound. */
const REMEMBERED_NAMES = 500;

/** Finds the models that may answer a request, in order. */
export class Routes {
  private readonly known = new WeakMap<TenantSettings, TenantRoutes>();

  constructor(private readonly parts: { readonly models: Pick<Models, 'catalog'>; readonly config: RoutingConfig; readonly clock: Clock }) {}

  /**
   * Throws AppError: what a name alone is refused with (`model_not_found` ...), `model_not_allowed` (403), `no_model_can_serve` (400).
   * `earlier` is what was classified before, by a life that died.
   */
  async find(requested: string, asked: AskedCall, settings: TenantSettings, askClassifier: AskClassifier, earlier?: Classification): Promise<Route> {
    const tenant = this.of(settings);
    const demand = demandOf(asked);
    if (requested !== AUTO) return { ...selectAble(this.choose(requested, tenant), demand), classification: undefined, sources: tenant.sources, demand };
    const classification = earlier ?? (await this.classify(demand.traits(), tenant, askClassifier));
    return { ...selectAble(this.choose(classification.tier, tenant), demand), classification, sources: tenant.sources, demand };
  }

  /** What a tenant may choose from, and at what price. */
  sourcesFor(settings: TenantSettings): ChoiceSources {
    return this.of(settings).sources;
  }

  private async classify(traits: RequestTraits, tenant: TenantRoutes, askClassifier: AskClassifier): Promise<Classification> {
    const { classifier, defaultTier: usual } = this.parts.config;
    const defaultTier = tenant.sources.constraints.defaultTier ?? usual;
    const byRules = classify(traits, defaultTier);
    if (byRules.confidence >= classifier.below) return byRules;
    const model = tenant.classifier();
    if (model === undefined) return byRules;
    const tier = await askClassifier(model, traits);
    if (tier === undefined) return { tier: defaultTier, confidence: 0, reason: 'the model that classifies did not say', classifier: 'default' };
    return { tier, confidence: CONFIDENCE_OF_MODELS, reason: `${model.id} says so; ${byRules.reason}`, classifier: 'model' };
  }

  private choose(requested: string, { choices, sources }: TenantRoutes): Choice {
    const known = choices.get(requested);
    if (known) return known;
    const choice = chooseModels(requested, sources);
    if (choices.size >= REMEMBERED_NAMES) choices.clear();
    choices.set(requested, choice);
    return choice;
  }

  private of(settings: TenantSettings): TenantRoutes {
    const { catalog } = this.parts.models;
    const day = Math.floor(this.parts.clock.now() / DAY_MS);
    const known = this.known.get(settings);
    if (known?.catalog === catalog && known.day === day) return known;
    const overrides = overridesOf(settings);
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10);
    const resolve = (name: string): ResolvedModel => (overrides === undefined ? catalog.resolve(name) : catalog.resolve(name, (names, otherwise) => priceForTenant(names, otherwise, overrides, date)));
    const sources = { catalog, resolve, config: this.parts.config, constraints: constraintsOf(settings) };
    const fresh = { catalog, day, choices: new Map<string, Choice>(), sources, classifier: once(() => classifierOf(sources)) };
    this.known.set(settings, fresh);
    return fresh;
  }
}

/** A model that is asked for one word is right more often than not; it does not tell how sure it is. */
const CONFIDENCE_OF_MODELS = 0.7;

/** Of a tier its cheapest model, and never one of another: that may not be cheap. */
function classifierOf(sources: ChoiceSources): ResolvedModel | undefined {
  const { classifier, lastResort } = sources.config;
  if (classifier.model === undefined) return undefined;
  const tier = tierOf(classifier.model);
  try {
    const [model] = tier === undefined ? chooseModels(classifier.model, sources).models : modelsOfTier(tier, sources);
    return model?.id === lastResort ? undefined : model;
  } catch {
    return undefined; // it is not to be had here
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function demandOf(asked: AskedCall): Demand {
  return {
    mode: asked.client !== undefined && asked.client.wire === Wire.OPENAI_EMBEDDINGS ? 'embedding' : 'chat',
    traits: once(() => traitsOf(asked)),
    bytes: asked.client?.bytes.length ?? Number.POSITIVE_INFINITY,
  };
}

/** Undefined when there are none, or none that can be read: they were checked when they were set. */
function overridesOf({ config }: TenantSettings): PriceOverrides | undefined {
  if (config['prices'] === undefined) return undefined;
  try {
    return priceOverridesSchema.safeParse(JSON.parse(config['prices'])).data;
  } catch {
    return undefined;
  }
}
