import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@nexus/core';
import { CLOCK, LOGGER, type Logger } from '@nexus/runtime';
import { USAGE_CONFIG, type UsageConfig } from '../config.js';
import type { AttemptRef, OwnerReport } from '../domain/owner.js';
import { OwnerRepository } from '../storage/owner.repository.js';
import { UnsettledRepository } from '../storage/unsettled.repository.js';

/** Attempts that an owner is asked about at once. */
const MOST_YOURS = 5_000;

export interface OwnerAnswer {
  readonly yours: readonly AttemptRef[];
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
  async handle({ owner, replica, ttlMs, lost }: OwnerReport): Promise<OwnerAnswer> {
    const isSuperseded = await this.owners.report(owner, replica, ttlMs);
    const marked = await this.unsettled.markUnknown(owner, lost);
    if (marked > 0) this.logger.warn({ owner, count: marked }, 'attempts are UNKNOWN now: their owner does not know what came of them');
    if (ttlMs === 0) return { yours: [], isSuperseded };
    const yours = await this.unsettled.ofOwner(owner, this.clock.now() - this.config.strayAfterMs, MOST_YOURS);
    return { yours, isSuperseded };
  }
}
