import type { Tier } from './tier.js';

/** How config/routing.yaml wants models to be chosen; the meaning of each field is told in that file. Times are milliseconds. */
export interface RoutingConfig {
  /** Names of models or patterns by tier, in order of preference. */
  readonly tiers: Readonly<Record<Tier, readonly string[]>>;
  readonly tierOrder: 'cheapest' | 'listed';
  readonly defaultTier: Tier;
  /** The model that answers when a tier has nothing else; undefined: none does. */
  readonly lastResort: string | undefined;
  /** What is tried after a model, a tier, or in place of a name that stands for a chain. */
  readonly fallbacks: ReadonlyMap<string, readonly string[]>;
  readonly classifier: ClassifierConfig;
  readonly retries: RetryConfig;
}

export interface ClassifierConfig {
  /** The cheap model that is asked when the rules are unsure; undefined: none is. */
  readonly model: string | undefined;
  /** Below this confidence of the rules it is asked. */
  readonly below: number;
  readonly withinMs: number;
}

export interface RetryConfig {
  /** Tries of the same model after its first. */
  readonly most: number;
  /** Of attempts of one request, all models together. */
  readonly mostAttempts: number;
  readonly baseMs: number;
  readonly capMs: number;
  /** A wait that a provider asks for is kept up to this. */
  readonly longestWaitMs: number;
  /** What each first try adds to the retries that a replica may make. */
  readonly share: number;
  /** The retries that a replica may have saved up, and begins with. */
  readonly reserve: number;
}

/** What counts where routing.yaml says nothing, or is not there. */
export const defaultRouting: RoutingConfig = {
  tiers: { fast: [], balanced: [], best: [] },
  tierOrder: 'cheapest',
  defaultTier: 'balanced',
  lastResort: 'demo/demo',
  fallbacks: new Map(),
  classifier: { model: undefined, below: 0.6, withinMs: 3_000 },
  retries: { most: 2, mostAttempts: 6, baseMs: 250, capMs: 4_000, longestWaitMs: 20_000, share: 0.1, reserve: 10 },
};
