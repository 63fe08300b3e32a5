import type { ServerResponse } from 'node:http';
import type { ChannelBus } from '@nexus/channels';
import { AppError, type Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import { QueueForecast } from '../domain/queue-forecast.js';

/** The queues that what comes in has to pass. */
export type Queue = 'inference.request' | 'requests.incoming';

export interface AdmissionOptions {
  readonly bus: Pick<ChannelBus, 'queueAge'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Longest that a request let in should wait in a queue, milliseconds. */
  readonly maxQueueMs: number;
  /** Most requests that wait for their answer here at once. */
  readonly maxInFlight: number;
}

/** Every model call waits in the one queue; a run waits in the other first. */
export const COMPLETION_QUEUES: readonly Queue[] = ['inference.request'];
export const RUN_QUEUES: readonly Queue[] = ['requests.incoming', 'inference.request'];

const LOOK_EVERY_MS = 100;
/** Without requests for this long, the queues are not looked at. */
const IDLE_MS = 2_000;
const SHORTEST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
const TELL_EVERY_MS = 10_000;

/** Refuses at the door what NEXUS could not answer in good time, so that what it lets in is. */
export class Admission {
  private readonly forecasts: Readonly<Record<Queue, QueueForecast>> = { 'inference.request': new QueueForecast(), 'requests.incoming': new QueueForecast() };
  private inFlight = 0;
  private isLooking = false;
  private isStopped = false;
  private askedAt = 0;
  private toldAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: AdmissionOptions) {}

  /** Counts a request until its response is over. Throws `overloaded` (429, with the time after which to retry) when it must not wait for its turn. */
  enter(response: ServerResponse, queues: readonly Queue[]): void {
    if (this.inFlight >= this.options.maxInFlight) throw this.refusal('requests under way', SHORTEST_WAIT_MS);
    this.require(queues);
    this.inFlight++;
    response.once('close', () => this.inFlight--);
  }

  /** Throws `overloaded` when one of these queues is too long. */
  require(queues: readonly Queue[]): void {
    const now = this.options.clock.now();
    this.askedAt = now;
    this.look();
    for (const queue of queues) {
      const forecast = this.forecasts[queue];
      if (forecast.exceeds(this.options.maxQueueMs, now)) throw this.refusal(queue, forecast.waitMs(now));
    }
  }

  /** Something that was let in goes to these queues now. */
  publishing(queues: readonly Queue[]): void {
    const now = this.options.clock.now();
    for (const queue of queues) this.forecasts[queue].publish(now);
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private refusal(queue: string, waitMs: number): AppError {
    const { clock, logger } = this.options;
    const now = clock.now();
    if (now - this.toldAt > TELL_EVERY_MS) {
      this.toldAt = now;
      logger.warn({ queue, wait_ms: Math.round(waitMs), in_flight: this.inFlight }, 'new requests are refused: there is more to do than can be done');
    }
    const retryAfterMs = Math.round(Math.min(Math.max(waitMs, SHORTEST_WAIT_MS), LONGEST_WAIT_MS));
    return new AppError('overloaded', 'There is more to do than can be done in good time. Nothing was begun; retry later.', { status: 429, isRetryable: true, retryAfterMs });
  }

  private look(): void {
    if (this.isLooking || this.isStopped) return;
    this.isLooking = true;
    void this.lookOnce();
  }

  private async lookOnce(): Promise<void> {
    const { clock } = this.options;
    await Promise.all(RUN_QUEUES.map((queue) => this.observe(queue)));
    this.isLooking = !this.isStopped && clock.now() - this.askedAt < IDLE_MS;
    if (this.isLooking) this.timer = setTimeout(() => void this.lookOnce(), LOOK_EVERY_MS).unref();
  }

  /** A bus that does not answer tells nothing: whoever is let in finds out soon enough. */
  private async observe(queue: Queue): Promise<void> {
    const { bus, clock } = this.options;
    const age = await bus.queueAge(queue).catch(() => undefined);
    if (age !== undefined) this.forecasts[queue].observe(clock.now(), age);
  }
}
