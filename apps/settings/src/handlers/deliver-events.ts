import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { newId, type Clock } from '@nexus/core';
import { CLOCK, LOGGER, deleteHourly, type Logger } from '@nexus/runtime';
import type { SettingsConfig } from '../config.js';
import { leaseMs } from '../domain/delivery.js';
import { DeliveryRepository, type Claim, type ClaimedDelivery } from '../storage/delivery.repository.js';
import { SETTINGS_CONFIG } from '../tokens.js';
import { TryDelivery } from './try-delivery.js';

const EVERY_MS = 1_000;
/** Of one webhook by one replica: a receiver that is slow or away holds no more of the others' places. */
const MOST_OF_A_WEBHOOK = 4;
const MOST_AT_ONCE = 256;
const MOST_WEBHOOKS = 1_000;

/** Finds the deliveries that are due and makes their tries, many at a time; several replicas share the work. */
@Injectable()
export class DeliverEvents implements OnApplicationBootstrap, BeforeApplicationShutdown {
  /** Of this life of this replica. */
  private readonly holder = newId();
  private readonly underWay = new Map<string, Set<Promise<void>>>();
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> | undefined;
  private isWanted = false;
  private isStopped = true;
  private stopDeleting: () => Promise<void> = () => Promise.resolve();

  constructor(
    @Inject(SETTINGS_CONFIG) private readonly config: SettingsConfig,
    private readonly deliveries: DeliveryRepository,
    private readonly tries: TryDelivery,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.isStopped = false;
    this.timer = setInterval(() => this.wake(), EVERY_MS).unref();
    this.stopDeleting = deleteHourly('webhook deliveries', () => this.deliveries.prune(), this.logger);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearInterval(this.timer);
    await this.turn;
    await Promise.all([...this.underWay.values()].flatMap((tries) => [...tries]));
    await this.stopDeleting();
  }

  /** Looks for what is due now instead of within a second. */
  wake(): void {
    if (this.isStopped) return;
    this.isWanted = true;
    this.turn ??= this.look().finally(() => {
      this.turn = undefined;
      if (this.isWanted && this.count < MOST_AT_ONCE) this.wake();
    });
  }

  /** Never rejects. */
  private async look(): Promise<void> {
    this.isWanted = false;
    try {
      const now = this.clock.now();
      const due = await this.deliveries.due(new Date(now), MOST_WEBHOOKS);
      let left = MOST_AT_ONCE - this.count;
      const wishes = due.flatMap((place) => {
        const most = Math.min(left, MOST_OF_A_WEBHOOK - (this.underWay.get(place.webhookId)?.size ?? 0));
        if (most <= 0) return [];
        left -= most;
        return [{ ...place, most }];
      });
      for (const delivery of await this.deliveries.claim(wishes, this.claimAt(now))) this.begin(delivery);
    } catch (error) {
      this.logger.warn({ error }, 'webhook deliveries could not be looked for; they are a little later');
    }
  }

  private claimAt(now: number): Claim {
    return { now: new Date(now), until: new Date(now + leaseMs(this.config.webhookTimeoutMs)), holder: this.holder };
  }

  private begin(delivery: ClaimedDelivery): void {
    const { webhookId } = delivery;
    const tries = this.underWay.get(webhookId) ?? new Set<Promise<void>>();
    this.underWay.set(webhookId, tries);
    this.count++;
    const one: Promise<void> = this.tries.make(delivery, this.holder).then(() => undefined, (error: unknown) => {
      this.logger.warn({ tenant: delivery.tenantId, delivery: delivery.id, error }, 'it could not be stored what came of a webhook delivery: it is made again');
    }).finally(() => {
      tries.delete(one);
      if (tries.size === 0) this.underWay.delete(webhookId);
      this.count--;
      this.wake(); // more may wait for its place
    });
    tries.add(one);
  }
}
