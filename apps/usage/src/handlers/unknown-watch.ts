import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, METRICS, type Logger, type Metrics } from '@nexus/runtime';
import { UnsettledRepository } from '../storage/unsettled.repository.js';

const EVERY_MS = 10_000;
const MOST_COUNTED = 10_000;

/** Measures how many attempts are UNKNOWN: money that is set aside, and of which nobody knows whether it was spent. */
@Injectable()
export class UnknownWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly unknown;
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly unsettled: UnsettledRepository,
    @Inject(LOGGER) private readonly logger: Pick<Logger, 'warn'>,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.unknown = metrics.gauge('nexus_ledger_unknown_attempts', 'Attempts of all tenants whose end nobody has told, counted up to 10,000. Each replica tells the same number; absent while the database does not answer.', []);
    this.unknown.remove();
  }

  onApplicationBootstrap(): void {
    this.underWay = this.once().then(() => {
      if (!this.isStopped) this.timer = setTimeout(() => this.onApplicationBootstrap(), EVERY_MS).unref();
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
  }

  /** Counts. Never rejects. */
  async once(): Promise<void> {
    try {
      this.unknown.set(await this.unsettled.countUnknown(MOST_COUNTED));
    } catch (error) {
      this.unknown.remove();
      if (!this.isStopped) this.logger.warn({ error }, 'UNKNOWN attempts cannot be counted now');
    }
  }
}
