import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@nexus/core';
import { CLOCK, LOGGER, METRICS, STOPPING, type Logger, type Metrics, type Stopping } from '@nexus/runtime';
import { systemLookup } from '@nexus/runtime/outside';
import type { SettingsConfig } from '../config.js';
import { afterTry, deliveryStates, reasonToSwitchOff, type AfterTry, type TryOutcome } from '../domain/delivery.js';
import { DeliveryRepository, type ClaimedDelivery } from '../storage/delivery.repository.js';
import { SETTINGS_CONFIG } from '../tokens.js';
import { postEvent } from '../webhooks/post-event.js';
import { ChangeWebhooksHandler } from './change-webhooks.handler.js';

/** Makes one try to deliver an event, and stores what came of it. */
@Injectable()
export class TryDelivery {
  private readonly tried;

  constructor(
    @Inject(SETTINGS_CONFIG) private readonly config: SettingsConfig,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(METRICS) metrics: Metrics,
    @Inject(STOPPING) private readonly stopping: Stopping,
    private readonly deliveries: DeliveryRepository,
    private readonly webhooks: ChangeWebhooksHandler,
  ) {
    this.tried = metrics.counter('nexus_webhook_tries_total', 'Tries of this process to deliver an event to a webhook, by what came of them: delivered, failed, or gone (410).', ['outcome']);
    for (const outcome of ['delivered', 'failed', 'gone']) this.tried.inc({ outcome }, 0);
  }

  /** Rejects when that could not be stored; the delivery is then made again once the holder's lease is over. A try that stopping broke off is given back. */
  async make(delivery: ClaimedDelivery, holder: string, isOnly = false): Promise<void> {
    const outcome = await this.post(delivery);
    const now = this.clock.now();
    if (outcome === undefined) return this.deliveries.release(delivery, holder, new Date(now));
    this.tried.inc({ outcome: outcome.kind });
    const after = isOnly ? onlyTry(outcome, delivery, now) : afterTry(outcome, delivery.tries, now, Math.random());
    const failingSince = await this.deliveries.finish(delivery, after, holder, new Date(now));
    if (outcome.kind === 'delivered') return;
    this.logger.info({ tenant: delivery.tenantId, webhook: delivery.webhookId, delivery: delivery.id, count: delivery.tries, status: after.status }, `a webhook delivery failed: ${after.error}`);
    const reason = reasonToSwitchOff(outcome, failingSince, now);
    if (reason !== undefined) await this.webhooks.switchOff(delivery.tenantId, delivery.webhookId, reason);
  }

  /** Undefined when this process stops before there was an answer. */
  private async post({ url, secret, eventId, body }: ClaimedDelivery): Promise<TryOutcome | undefined> {
    const { mayWebhooksBePrivate: mayBePrivate, webhookTimeoutMs: timeoutMs } = this.config;
    try {
      return await postEvent({ url, secret, eventId, body }, { mayBePrivate, timeoutMs, lookup: systemLookup, now: this.clock.now(), stopping: this.stopping.lastCall });
    } catch (error) {
      if (this.stopping.lastCall.aborted) return undefined;
      throw error;
    }
  }
}

/** A try after which there is no other, whatever comes of it. */
function onlyTry(outcome: TryOutcome, { tries }: ClaimedDelivery, now: number): AfterTry {
  const after = afterTry(outcome, tries, now, 0);
  return after.nextTryAt === undefined ? after : { ...after, state: deliveryStates.failed, nextTryAt: undefined };
}
