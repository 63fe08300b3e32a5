import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@nexus/core';
import { CLOCK, LOGGER, type Logger } from '@nexus/runtime';
import { USAGE_CONFIG, type UsageConfig } from '../config.js';
import type { AttemptRef, OwnerReport, UnknownAttempt } from '../domain/owner.js';
import { OwnerRepository } from '../storage/owner.repository.js';
import { UnsettledRepository } from '../storage/unsettled.repository.js';

/** Attempts that an owner is asked about at once. */
const MOST_YOURS = 5_000;
/** UNKNOWN attempts that an owner looks into at once. */
const MOST_UNKNOWN = 200;

export interface OwnerAnswer {
  readonly yours: readonly AttemptRef[];
  readonly unknown: readonly UnknownAttempt[];
  readonly isSuperseded: boolean;
}

/** Keeps owners alive, and agrees with each about its open attempts. */
@Injectable()
export class ReportOwnerHandler {
  constructor(
    private readonly owners: OwnerRepository,
    private readonly unsettled: UnsettledRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(USAGE_CONFIG) private readonly config: UsageConfig,
  ) {}

  /** What is told twice changes nothing. */
  async handle({ owner, replica, ttlMs, lost, uncalled, unresolvable }: OwnerReport): Promise<OwnerAnswer> {
    const isSuperseded = await this.owners.report(owner, replica, ttlMs);
    const marked = await this.unsettled.markUnknown(owner, lost);
    if (marked > 0) this.logger.warn({ owner, count: marked }, 'attempts are UNKNOWN now: their owner does not know what came of them');
    const now = this.clock.now();
    await this.unsettled.resolve(uncalled, { resolution: 'owner', owner }, now);
    const booked = await this.unsettled.resolve(unresolvable, { resolution: 'policy', afterMs: this.config.unknownAfterMs }, now);
    if (booked > 0) this.logger.warn({ count: booked }, 'attempts that stayed UNKNOWN were booked with what was reserved for them');
    if (ttlMs === 0) return { yours: [], unknown: [], isSuperseded };
    const yours = await this.unsettled.ofOwner(owner, now - this.config.strayAfterMs, MOST_YOURS);
    const unknown = await this.unsettled.claimUnknown(this.config.resolveEveryMs, MOST_UNKNOWN);
    return { yours, unknown, isSuperseded };
  }
}
