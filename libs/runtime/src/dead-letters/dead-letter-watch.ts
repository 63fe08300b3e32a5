import type { Clock } from '@nexus/core';
import type { DeadLetterCensus } from '@nexus/postgres';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics/metrics.js';

/** What a watch looks at, and by which limits. */
export interface DeadLetterWatchParts {
  readonly census: Pick<DeadLetterCensus, 'count' | 'expire'>;
  readonly metrics: Metrics;
  readonly service: string;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  /** More letters than this are warned of. */
  readonly alertAt: number;
  /** How long after its last time a letter is kept, milliseconds. */
  readonly keepMs: number;
}

const EVERY_MS = 15_000;
const EXPIRED_AT_ONCE = 200;

/** Measures a service's dead letters, warns when they are many, and lets old ones go, counted. */
export class DeadLetterWatch {
  private readonly letters;
  private readonly expired;
  private readonly channels = new Set<string>();
  private isOver = false;
  private isBlind = false;

  constructor(private readonly parts: DeadLetterWatchParts) {
    const { metrics, service, alertAt } = parts;
    this.letters = metrics.gauge('nexus_dead_letters', 'Dead letters of all tenants that wait to be replayed or purged. Each replica of a service tells the same number.', ['service', 'channel']);
    this.expired = metrics.counter('nexus_dead_letters_expired_total', 'Dead letters that this process deleted because nobody saw to them in time.', ['service', 'channel']);
    metrics.gauge('nexus_dead_letters_alert_threshold', 'More dead letters of a service than this deserve an alert (NEXUS_DEAD_LETTER_ALERT).', ['service']).set({ service }, alertAt);
  }

  /** Looks now and every 15 seconds; gives what ends that, and waits for the look that is under way. */
  start(): () => Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let isEnded = false;
    const turn = async (): Promise<void> => {
      await this.check();
      if (isEnded) return;
      timer = setTimeout(() => {
        underWay = turn();
      }, EVERY_MS).unref();
    };
    let underWay = turn();
    return () => {
      isEnded = true;
      clearTimeout(timer);
      return underWay;
    };
  }

  /** Counts. Never rejects: while the database is away the measure is absent, not old. */
  async check(): Promise<void> {
    try {
      this.show(await this.parts.census.count());
      this.isBlind = false;
    } catch (error) {
      for (const channel of this.channels) this.letters.remove({ service: this.parts.service, channel });
      if (!this.isBlind) this.parts.logger.warn({ error }, 'dead letters cannot be counted now');
      this.isBlind = true;
    }
  }

  /** Deletes what is older than it may be. Answers how many letters. */
  async expire(): Promise<number> {
    const { census, clock, keepMs, service } = this.parts;
    const before = new Date(clock.now() - keepMs);
    for (let total = 0; ; ) {
      const { rows, letters } = await census.expire(before, EXPIRED_AT_ONCE);
      for (const [channel, count] of letters) {
        this.expired.inc({ service, channel }, count);
        total += count;
      }
      if (rows < EXPIRED_AT_ONCE) return total;
    }
  }

  private show(counts: ReadonlyMap<string, number>): void {
    const { service, alertAt, logger } = this.parts;
    for (const channel of counts.keys()) this.channels.add(channel);
    for (const channel of this.channels) this.letters.set({ service, channel }, counts.get(channel) ?? 0);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    if (total > alertAt && !this.isOver) logger.warn({ dead_letters: Object.fromEntries(counts), threshold: alertAt }, 'there are many dead letters: nexus dead-letters count');
    if (total <= alertAt && this.isOver) logger.info({ dead_letters: total, threshold: alertAt }, 'dead letters are below the threshold again');
    this.isOver = total > alertAt;
  }
}
