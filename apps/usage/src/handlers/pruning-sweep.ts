import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import type { Clock } from '@nexus/core';
import { CLOCK, LOGGER, type Logger } from '@nexus/runtime';
import { USAGE_CONFIG, type UsageConfig } from '../config.js';
import { PruningRepository } from '../storage/pruning.repository.js';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
const ALERTS_KEPT_DAYS = 90;

/** Every hour lets rows go of attempts that ended days ago. Every replica does; what two of them find is gone once. */
@Injectable()
export class PruningSweep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly pruning: PruningRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(USAGE_CONFIG) private readonly config: UsageConfig,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => {
      this.underWay = this.once()
        .catch((error: unknown) => this.logger.warn({ error }, 'rows of attempts that ended long ago could not be let go'))
        .finally(() => {
          if (!this.isStopped) this.onApplicationBootstrap();
        });
    }, EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
  }

  /** Lets go what is old enough now. */
  async once(): Promise<void> {
    const now = this.clock.now();
    const pruned = await this.pruning.attempts(now - this.config.attemptsKeptMs);
    if (pruned > 0) this.logger.info({ count: pruned }, 'rows of attempts that ended long ago are gone; the ledger has them');
    await this.pruning.alerts(now - ALERTS_KEPT_DAYS * DAY_MS);
  }
}
