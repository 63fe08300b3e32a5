import { invalidConfiguration, processEnvironment, type Environment } from '@nexus/runtime';
import { z } from 'zod';

const milliseconds = (least: number) => z.coerce.number('must be milliseconds').int('must be whole milliseconds').min(least, `must be at least ${least}`).max(86_400_000);

const DAY_MS = 86_400_000;

/** What usage reads of its environment. */
export const usageEnvironmentSchema = z.object({
  NEXUS_STRAY_AFTER_MS: milliseconds(100).default(10_000).describe('An attempt that is open for this long is one that its owner is asked about; when the owner is gone, it becomes UNKNOWN.'),
  NEXUS_UNKNOWN_AFTER_MS: milliseconds(100).default(900_000).describe('An UNKNOWN attempt whose provider cannot be asked is booked with what was reserved for it after this time, unless providers.yaml says to keep it.'),
  NEXUS_RESOLVE_EVERY_MS: milliseconds(50).default(2_000).describe('An UNKNOWN attempt is handed out for its resolution at once, then again after this time, which doubles each time up to five minutes.'),
  NEXUS_ATTEMPTS_KEPT_DAYS: z.coerce.number('must be days').int('must be whole days').min(2, 'must be at least 2').max(3_650).default(8).describe('Rows of attempts are let go so many days after they ended: until then the same attempt is known by its row, from then on by the ledger. The ledger keeps everything.'),
  NEXUS_ATTEMPT_SWEEP_MS: milliseconds(50).default(3_000).describe('How often open attempts of owners that are gone are looked for.'),
});

export interface UsageConfig {
  readonly strayAfterMs: number;
  readonly unknownAfterMs: number;
  readonly resolveEveryMs: number;
  readonly sweepMs: number;
  readonly attemptsKeptMs: number;
}

/** Nest token of UsageConfig. */
export const USAGE_CONFIG = Symbol('UsageConfig');

/** Throws AppError `invalid_configuration` that names every wrong variable. An empty variable counts as unset. */
export function readUsageConfig(environment: Environment = processEnvironment()): UsageConfig {
  const parsed = usageEnvironmentSchema.safeParse(Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== '')));
  if (!parsed.success) throw invalidConfiguration('usage', parsed.error);
  const read = parsed.data;
  return { strayAfterMs: read.NEXUS_STRAY_AFTER_MS, unknownAfterMs: read.NEXUS_UNKNOWN_AFTER_MS, resolveEveryMs: read.NEXUS_RESOLVE_EVERY_MS, sweepMs: read.NEXUS_ATTEMPT_SWEEP_MS, attemptsKeptMs: read.NEXUS_ATTEMPTS_KEPT_DAYS * DAY_MS };
}
