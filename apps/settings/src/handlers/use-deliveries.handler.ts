import { Inject, Injectable } from '@nestjs/common';
import { TEST_EVENT_TYPE, raisedEventJson } from '@nexus/contracts';
import { AppError, newId, type Clock } from '@nexus/core';
import type { Database, Tx } from '@nexus/postgres';
import { CLOCK, DATABASE } from '@nexus/runtime';
import type { SettingsConfig } from '../config.js';
import { leaseMs } from '../domain/delivery.js';
import { DeliveryDeskRepository, type DeliverySelection, type StoredDelivery } from '../storage/delivery-desk.repository.js';
import { DeliveryRepository } from '../storage/delivery.repository.js';
import { WebhookRepository, type StoredWebhook } from '../storage/webhook.repository.js';
import { SETTINGS_CONFIG } from '../tokens.js';
import { DeliverEvents } from './deliver-events.js';
import { TryDelivery } from './try-delivery.js';

/** What a tenant asks about its webhooks' deliveries, and does about them. Each throws AppError `webhook_not_found` (404) for a webhook that is not there. */
@Injectable()
export class UseDeliveriesHandler {
  constructor(
    @Inject(SETTINGS_CONFIG) private readonly config: SettingsConfig,
    @Inject(DATABASE) private readonly database: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly webhooks: WebhookRepository,
    private readonly desk: DeliveryDeskRepository,
    private readonly deliveries: DeliveryRepository,
    private readonly sender: DeliverEvents,
    private readonly tries: TryDelivery,
  ) {}

  webhooksOf(tenantId: string): Promise<StoredWebhook[]> {
    return this.database.withTenant(tenantId, (tx) => this.webhooks.list(tx));
  }

  /** Newest first; an empty webhook is every one. */
  list(tenantId: string, webhook: string, selection: Omit<DeliverySelection, 'webhookId'>): Promise<StoredDelivery[]> {
    return this.database.withTenant(tenantId, async (tx) => {
      const webhookId = webhook === '' ? undefined : (await this.webhooks.require(tx, webhook)).id;
      return this.desk.list(tx, { ...selection, webhookId });
    });
  }

  /** Lets one be tried again from the beginning; answers how many are, which is 0 while somebody tries it. Throws AppError `delivery_not_found` (404) or `webhook_disabled` (409). */
  async replay(tenantId: string, deliveryId: string): Promise<number> {
    const count = await this.database.withTenant(tenantId, async (tx) => {
      const delivery = await this.desk.get(tx, deliveryId);
      if (delivery === undefined) throw new AppError('delivery_not_found', 'This tenant has no such delivery; they are kept for 30 days.', { status: 404, param: 'delivery_id' });
      await this.requireEnabled(tx, delivery.webhookId);
      return (await this.desk.replay(tx, deliveryId, new Date(this.clock.now()))) ? 1 : 0;
    });
    this.sender.wake();
    return count;
  }

  /** The same for all of a webhook that failed. */
  async replayFailed(tenantId: string, webhook: string): Promise<number> {
    const count = await this.database.withTenant(tenantId, async (tx) => this.desk.replayFailed(tx, (await this.requireEnabled(tx, webhook)).id, new Date(this.clock.now())));
    this.sender.wake();
    return count;
  }

  /** Sends one event of type `webhook.test` now and once, also to a webhook that is switched off. Answers how it went. */
  async test(tenantId: string, webhook: string): Promise<StoredDelivery> {
    const now = this.clock.now();
    const [id, holder] = [newId(), newId()];
    const claimed = await this.database.withTenant(tenantId, async (tx) => {
      const { id: webhookId, name } = await this.webhooks.require(tx, webhook);
      const body = JSON.stringify(raisedEventJson({ id, type: TEST_EVENT_TYPE, subject: webhookId, atMs: now, data: { webhook_id: webhookId, name } }));
      return this.deliveries.insertClaimed(tx, { tenantId, webhookId }, { id, type: TEST_EVENT_TYPE, body }, { now: new Date(now), until: new Date(now + leaseMs(this.config.webhookTimeoutMs)), holder });
    });
    await this.tries.make(claimed, holder, true);
    const delivery = await this.database.withTenant(tenantId, (tx) => this.desk.get(tx, id));
    if (delivery === undefined) throw new AppError('delivery_not_found', 'The webhook was removed while it was tried.', { status: 404, param: 'webhook' });
    return delivery;
  }

  private async requireEnabled(tx: Tx, webhook: string): Promise<StoredWebhook> {
    const known = await this.webhooks.require(tx, webhook);
    if (!known.isEnabled) throw new AppError('webhook_disabled', `The webhook ${JSON.stringify(known.name)} is switched off; switch it on first.`, { status: 409, param: 'webhook' });
    return known;
  }
}
