import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Clock } from '@nexus/core';
import { CLOCK, LOGGER, type Logger } from '@nexus/runtime';
import { USAGE_CONFIG, type UsageConfig } from '../config.js';
import { OwnerRepository } from '../storage/owner.repository.js';
import { UnsettledRepository } from '../storage/unsettled.repository.js';

const MOST_AT_ONCE = 1_000;

/** From time to time makes open attempts UNKNOWN whose owner is gone. Every replica does; what two of them find is done once. */
@Injectable()
export class OrphanSweep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly owners: OwnerRepository,
    private readonly unsettled: UnsettledRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(USAGE_CONFIG) private readonly config: UsageConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => {
      this.underWay = this.once()
        .catch((error: unknown) => this.logger.warn({ error }, 'attempts of owners that are gone could not be looked for'))
        .finally(() => {
          if (!this.isStopped) this.onApplicationBootstrap();
        });
    }, this.config.sweepMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
  }

  /** One look at everything. */
  async once(): Promise<void> {
    const alive = await this.owners.alive();
    const orphans = await this.unsettled.ofOthers(alive, this.clock.now() - this.config.strayAfterMs, MOST_AT_ONCE);
    const marked = await this.unsettled.markUnknown(undefined, orphans); // looks again: an owner may have come since
    if (marked > 0) this.logger.warn({ count: marked }, 'attempts are UNKNOWN now: their owner is gone');
  }
}
