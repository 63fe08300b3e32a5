import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { AbilitiesSchema, type ModelSchema, type TenantSettings } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { ResolvedModel } from '../domain/model-catalog.js';
import { chooseModels, modelsOfTier, type ChoiceSources } from '../domain/routing/choose-models.js';
import type { RoutingConfig } from '../domain/routing/routing-config.js';
import { violationOf } from '../domain/routing/tenant-constraints.js';
import { tierAliases, tierOf, tiers, type Tier } from '../domain/routing/tier.js';
import { toWirePrice } from '../providers/to-contract.js';
import { AUTO, type Routes } from './routes.js';

type ListedModel = Exclude<MessageInitShape<typeof ModelSchema>, { $typeName: string }>;

/** Provides names that are no single model's. */
const ROUTER = 'nexus';

/** What can be asked for: models, and the names that leave the choice to NEXUS. */
export class ModelListing {
  constructor(
    private readonly routes: Routes,
    private readonly config: RoutingConfig,
  ) {}

  /** Each name once; only what the tenant may use and what is set up. */
  list(settings: TenantSettings): readonly ListedModel[] {
    const sources = this.routes.sourcesFor(settings);
    const tierById = this.tierById(sources);
    const models = sources.catalog.list().flatMap(({ id, provider }) => {
      const model = known(() => sources.resolve(`${provider}/${id}`));
      return model && violationOf(model, sources.constraints) === undefined ? [modelOf(model, provider, tierById.get(model.id))] : [];
    });
    return [...models, ...this.names(sources)];
  }

  private names(sources: ChoiceSources): readonly ListedModel[] {
    const isThere = (name: string): boolean => (known(() => chooseModels(name, sources))?.models.length ?? 0) > 0;
    const usual = sources.constraints.defaultTier ?? this.config.defaultTier;
    const chains = [...this.config.fallbacks.keys()].filter((name) => tierOf(name) === undefined && known(() => sources.resolve(name)) === undefined);
    return [
      ...(isThere(usual) ? [{ id: AUTO, provider: ROUTER, mode: 'chat' }] : []),
      ...[...tiers, ...tierAliases].filter(isThere).map((name) => ({ id: name, provider: ROUTER, mode: 'chat', tier: tierOf(name) ?? '' })),
      ...chains.filter(isThere).map((name) => ({ id: name, provider: ROUTER, mode: 'chat' })),
    ];
  }

  private tierById(sources: ChoiceSources): ReadonlyMap<string, Tier> {
    return new Map(tiers.toReversed().flatMap((tier) => modelsOfTier(tier, sources).map(({ id }) => [id, tier] as const)));
  }
}

function modelOf({ id, price, contextWindow, maxOutputTokens, mode, abilities }: ResolvedModel, provider: string, tier: Tier | undefined): ListedModel {
  const { tools, vision, jsonSchema, reasoning, audio, files } = abilities;
  const told = Object.entries({ tools, vision, jsonSchema, reasoning, audio, files }).filter(([, able]) => able !== undefined);
  return {
    id, provider, price: toWirePrice(price), contextWindow: BigInt(contextWindow ?? 0), maxOutputTokens: BigInt(maxOutputTokens ?? 0),
    mode: mode === 'embedding' ? 'embedding' : 'chat', abilities: create(AbilitiesSchema, Object.fromEntries(told)), tier: tier ?? '',
  };
}

/** Undefined for what is not to be had: a listed model whose price nobody knows cannot be called, and is not listed. */
function known<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
