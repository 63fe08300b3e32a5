import { AppError, type TokenPrice } from '@nexus/core';
import { isPattern, matchesPattern } from './model-pattern.js';
import { nearNames } from './near-names.js';
import { priceAt, type ListedPrice, type LongContextPrice, type PriceList, type SteppedPrice } from './price-list.js';
import type { ModelAbilities, ModelConfig, ModelMode, ProviderConfig } from './provider-config.js';
import { resolveProvider, type Environment, type ProviderState, type ProviderTarget } from './provider-target.js';
import type { ToldModel } from './told-model.js';

/** Asking again does not help with any of these: the caller, or the operator, has to change something. */
const NOT_SERVED_STATUS = 404;
/** Callers choose model names, so the memory of them has a bound. */
const REMEMBERED_NAMES = 1_000;

/** A model that can be called, and what a call costs. */
export interface ResolvedModel {
  /** `provider/model`, with the model as it was asked for. */
  readonly id: string;
  readonly target: ProviderTarget;
  /** The provider's own name of the model. */
  readonly upstreamModel: string;
  readonly price: TokenPrice;
  readonly longContext: LongContextPrice | undefined;
  readonly maxOutputTokens: number | undefined;
  /** The cap to send when the caller sends none; undefined leaves it to the provider. */
  readonly defaultMaxOutputTokens: number | undefined;
  /** Tokens of input and output together, as far as somebody says. */
  readonly contextWindow: number | undefined;
  readonly mode: ModelMode;
  /** Searches of the web that each call makes and is charged for, at most; undefined: none unless it is asked for them. */
  readonly searchesPerCall?: number | undefined;
  readonly abilities: ModelAbilities;
}

/** One line of `GET /v1/models`. */
export interface OfferedModel {
  readonly id: string;
  readonly provider: string;
}

/** What a catalog is made of; a change of any of it makes a new catalog. */
export interface CatalogSources {
  readonly providers: readonly ProviderConfig[];
  readonly env: Environment;
  readonly prices: PriceList;
  /** Names of models by provider, from those that were asked and answered. */
  readonly discovered?: ReadonlyMap<string, readonly string[]>;
  /** What they told of their models, by `provider/model`; what the file says counts before it. */
  readonly told?: ReadonlyMap<string, ToldModel>;
}

/** What a model costs, from its names as `provider/model`, as it was asked for and upstream, and what it costs otherwise. */
export type PriceFor = (names: readonly string[], otherwise: SteppedPrice | undefined) => SteppedPrice | undefined;

/** Finds the provider and the price for a requested model name. */
export interface ModelCatalog {
  /**
   * Takes `gpt-4o` and `openai/gpt-4o`. Throws AppError: model_not_found, provider_not_configured, model_price_unknown. `priceFor` says what
   * the model costs instead of what the file and the list say.
   */
  resolve(requested: string, priceFor?: PriceFor): ResolvedModel;
  /** The exact models of the providers that are offered now, in the order of the file, each once. */
  list(): readonly OfferedModel[];
  /** True for a provider that is set up and, where that counts, in reach. */
  isOffered(provider: string): boolean;
  /** Every provider of the file, with what is missing to use it. */
  readonly providers: readonly ProviderState[];
}

/** The price of a request with `inputTokens` of input, cached tokens included. */
export function priceForInput(model: Pick<ResolvedModel, 'price' | 'longContext'>, inputTokens: number): TokenPrice {
  return priceAt(model, inputTokens);
}

interface Found {
  readonly config: ProviderConfig;
  readonly target: ProviderTarget;
  readonly model: ModelConfig;
  readonly name: string;
}

const asItIs: PriceFor = (_names, otherwise) => otherwise;

interface Candidate {
  readonly state: ProviderState;
  readonly model: ModelConfig;
}

/** Exact names come before patterns, then the order of the file decides; a provider that cannot be used yields to one that can. */
export function createModelCatalog(sources: CatalogSources): ModelCatalog {
  const states = sources.providers.map((config) => resolveProvider(config, sources.env));
  const byName = new Map(states.map((state) => [state.config.name, state]));
  const offered = states.filter((state) => state.target && (state.config.offeredWhen !== 'reachable' || sources.discovered?.has(state.config.name)));
  const offeredNames = new Set(offered.map(({ config }) => config.name));
  const models = new Map<string, OfferedModel>();
  for (const { config } of offered) for (const id of exactIds(config)) if (!models.has(id)) models.set(id, { id, provider: config.name });
  const listed = [...models.values()];
  const resolved = new Map<string, ResolvedModel>();

  function exactIds(config: ProviderConfig): string[] {
    return [...config.models.map((model) => model.id).filter((id) => !isPattern(id)), ...(sources.discovered?.get(config.name) ?? [])];
  }

  function find(requested: string, priceFor: PriceFor): ResolvedModel {
    const slash = requested.indexOf('/');
    const named = slash > 0 ? byName.get(requested.slice(0, slash)) : undefined;
    const name = named ? requested.slice(slash + 1) : requested;
    const found = named ? matches([named], name, true) : matches(states, name, false);
    const usable = found.find(({ state }) => offered.includes(state)) ?? found.find(({ state }) => state.target);
    const chosen = usable ?? found[0];
    if (!chosen) throw notFound(requested);
    if (!chosen.state.target) {
      throw refuse('provider_not_configured', `"${shown(requested)}" needs the provider "${chosen.state.config.name}", which is not set up: ${chosen.state.missing}.`);
    }
    return describe({ config: chosen.state.config, target: chosen.state.target, model: chosen.model, name }, requested, priceFor);
  }

  function matches(among: readonly ProviderState[], name: string, isNamed: boolean): Candidate[] {
    const exact: Candidate[] = [];
    const patterned: Candidate[] = [];
    for (const state of among) {
      const own = state.config.models.find((model) => !isPattern(model.id) && model.id === name);
      // A lone star takes everything, so it counts only for names that say the provider, or that the provider itself told of.
      const isDiscovered = sources.discovered?.get(state.config.name)?.includes(name) ?? false;
      const pattern = name === '' ? undefined : state.config.models.find((model) => isPattern(model.id) && (model.id !== '*' || isNamed || isDiscovered) && matchesPattern(model.id, name));
      if (own) exact.push({ state, model: own });
      else if (pattern) (isDiscovered ? exact : patterned).push({ state, model: pattern });
    }
    return [...exact, ...patterned];
  }

  function describe({ config, target, model, name }: Found, requested: string, priceFor: PriceFor): ResolvedModel {
    const upstreamModel = model.upstreamName ?? name;
    const known: ListedPrice | undefined = sources.prices.lookup(config.priceVendor, upstreamModel);
    const own = model.price && { price: model.price, longContext: undefined };
    const priced = priceFor([`${config.name}/${name}`, `${config.name}/${upstreamModel}`], own ?? (known?.price && { price: known.price, longContext: known.longContext }));
    if (!priced) {
      throw refuse(
        'model_price_unknown',
        `The price of "${shown(upstreamModel)}" at "${config.name}" is not known, so its cost could not be kept inside a budget. ` +
          `Check the name, or add a price for it to providers.yaml.${hint(requested)}`,
      );
    }
    const maxOutputTokens = model.maxOutputTokens ?? known?.maxOutputTokens;
    const told = sources.told?.get(`${config.name}/${upstreamModel}`);
    return {
      id: `${config.name}/${name}`,
      target,
      upstreamModel,
      price: priced.price,
      longContext: priced.longContext,
      maxOutputTokens,
      defaultMaxOutputTokens: smaller(config.defaultMaxOutputTokens, maxOutputTokens),
      contextWindow: model.contextWindow ?? told?.contextWindow ?? known?.maxInputTokens,
      mode: model.mode ?? modeOf(known?.mode, upstreamModel),
      searchesPerCall: model.searchesPerCall,
      abilities: {
        tools: model.supports.tools ?? told?.abilities?.tools ?? known?.tools,
        vision: model.supports.vision ?? told?.abilities?.vision ?? known?.vision,
        jsonSchema: model.supports.jsonSchema ?? told?.abilities?.jsonSchema ?? known?.responseSchema,
        reasoning: model.supports.reasoning ?? told?.abilities?.reasoning ?? known?.reasoning,
        audio: model.supports.audio ?? told?.abilities?.audio ?? known?.audio,
        files: model.supports.files ?? told?.abilities?.files ?? known?.pdf,
      },
    };
  }

  function notFound(requested: string): AppError {
    return refuse('model_not_found', `The model "${shown(requested)}" does not exist here.${hint(requested)} GET /v1/models lists what there is.`);
  }

  function hint(requested: string): string {
    const names = listed.flatMap(({ id, provider }) => [id, `${provider}/${id}`]);
    const near = nearNames(requested, names).filter((name) => name !== requested);
    return near.length > 0 ? ` Did you mean ${near.map((name) => `"${name}"`).join(' or ')}?` : '';
  }

  return {
    providers: states,
    list: () => listed,
    isOffered: (provider) => offeredNames.has(provider),
    resolve(requested, priceFor) {
      if (priceFor) return find(requested, priceFor);
      const known = resolved.get(requested);
      if (known) return known;
      const model = find(requested, asItIs);
      if (resolved.size >= REMEMBERED_NAMES) resolved.clear();
      resolved.set(requested, model);
      return model;
    },
  };
}

function refuse(code: string, message: string): AppError {
  return new AppError(code, message, { status: NOT_SERVED_STATUS, param: 'model' });
}

/** The price list has modes that are no concern of ours; a model that it does not know is taken for what its name says. */
function modeOf(listed: string | undefined, name: string): ModelMode {
  if (listed === 'responses' || listed === 'embedding') return listed;
  return listed === undefined && name.includes('embed') ? 'embedding' : 'chat';
}

/** A name as it may stand in a message: a caller can send any length. */
function shown(name: string): string {
  return name.length > 200 ? `${name.slice(0, 200)}...` : name;
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a : Math.min(a, b);
}
