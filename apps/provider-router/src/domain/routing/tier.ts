/** Classes of models, the cheapest first. */
export const tiers = ['fast', 'balanced', 'best'] as const;
export type Tier = (typeof tiers)[number];

/** What stands for a tier in requests of those who think in the names of one vendor. */
const ALIASES: Readonly<Record<string, Tier>> = { haiku: 'fast', sonnet: 'balanced', opus: 'best' };

export const tierAliases = Object.keys(ALIASES);

/** The tier that a requested name stands for, or undefined. */
export function tierOf(name: string): Tier | undefined {
  return tiers.find((tier) => tier === name) ?? (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined);
}

/** The tiers below one, the nearest first. */
function cheaperTiers(tier: Tier): readonly Tier[] {
  return tiers.slice(0, tiers.indexOf(tier)).toReversed();
}

/** Where to look when a tier has no model at all: the next better first, for it can do what was asked, then downwards. */
export function nearestTiers(tier: Tier): readonly Tier[] {
  return [...tiers.slice(tiers.indexOf(tier) + 1), ...cheaperTiers(tier)];
}
