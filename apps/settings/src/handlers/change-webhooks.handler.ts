import { Inject, Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { LOGGER, type Logger } from '@nexus/runtime';
import { DeliveryRepository } from '../storage/delivery.repository.js';
import { WebhookRepository, type StoredWebhook } from '../storage/webhook.repository.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

/** Switches webhooks on and off, and removes them. What waits for one that is switched off is given up, and may be replayed. */
@Injectable()
export class ChangeWebhooksHandler {
  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly changes: TenantChanges,
    private readonly webhooks: WebhookRepository,
    private readonly deliveries: DeliveryRepository,
  ) {}

  /** The webhook as it is now. Throws AppError `webhook_not_found` (404). */
  setState(actor: Actor, webhook: string, isEnabled: boolean): Promise<StoredWebhook> {
    return this.change(actor, webhook, isEnabled, '');
  }

  /** NEXUS itself switches it off. */
  async switchOff(tenantId: string, webhookId: string, reason: string): Promise<void> {
    await this.change({ tenantId, name: 'system', requestId: newId(), trace: undefined }, webhookId, false, reason);
    this.logger.warn({ tenant: tenantId, webhook: webhookId }, `a webhook was switched off: ${reason}`);
  }

  /** Throws AppError `webhook_not_found` (404). */
  delete(actor: Actor, webhook: string): Promise<void> {
    return this.changes.make(actor, async (tx) => {
      const { id, name } = await this.webhooks.require(tx, webhook);
      await this.webhooks.delete(tx, id);
      return {
        result: undefined,
        done: { action: 'webhook.deleted', subject: id, before: { name }, after: null, risk: AuditRecorded_Risk.HIGH, kind: SettingsChanged_Kind.WEBHOOK, name: id },
      };
    });
  }

  private change(actor: Actor, webhook: string, isEnabled: boolean, reason: string): Promise<StoredWebhook> {
    return this.changes.make(actor, async (tx, at) => {
      const before = await this.webhooks.require(tx, webhook);
      if (before.isEnabled === isEnabled) return { result: before };
      await this.webhooks.setState(tx, before.id, isEnabled, reason);
      if (!isEnabled) await this.deliveries.giveUp(tx, before.id, 'the webhook was switched off', at);
      return {
        result: { ...before, isEnabled, disabledReason: reason },
        done: {
          action: `webhook.${isEnabled ? 'enabled' : 'disabled'}`, subject: before.id, before: { enabled: before.isEnabled }, after: { enabled: isEnabled, ...(reason !== '' && { reason }) },
          risk: AuditRecorded_Risk.MEDIUM, kind: SettingsChanged_Kind.WEBHOOK, name: before.id,
        },
      };
    });
  }
}
