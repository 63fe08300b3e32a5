import { Inject, Injectable } from '@nestjs/common';
import { AuditRecorded_Risk, SettingsChanged_Kind } from '@nexus/contracts';
import { AppError, deterministicId } from '@nexus/core';
import { hashOf } from '@nexus/runtime';
import { resolveHost, systemLookup } from '@nexus/runtime/outside';
import type { SettingsConfig } from '../config.js';
import { checkedNewWebhook } from '../domain/new-webhook.js';
import { TenantRepository } from '../storage/tenant.repository.js';
import { WebhookRepository, type StoredWebhook } from '../storage/webhook.repository.js';
import { SETTINGS_CONFIG } from '../tokens.js';
import { secretText } from '../webhooks/standard-signature.js';
import { TenantChanges, type Actor } from './tenant-changes.js';

/** What a webhook is asked to be. */
export interface WebhookWish {
  readonly name: string;
  readonly url: string;
  readonly types: readonly string[];
}

/** Every event of a tenant goes to each of them. */
const MOST_WEBHOOKS = 20;
const LOOK_UP_WITHIN_MS = 2_000;

@Injectable()
export class CreateWebhookHandler {
  constructor(
    @Inject(SETTINGS_CONFIG) private readonly config: SettingsConfig,
    private readonly changes: TenantChanges,
    private readonly webhooks: WebhookRepository,
    private readonly tenants: TenantRepository,
  ) {}

  /**
   * The webhook and its secret, which cannot be read again. Made of 32 bytes of chance: the same bytes make the same webhook, once. Throws
   * AppError `invalid_webhook` (400), `webhook_address_forbidden` (400), `name_taken` (409) or `too_many_webhooks` (409).
   */
  async handle(actor: Actor, wish: WebhookWish, chance: Uint8Array): Promise<{ readonly webhook: StoredWebhook; readonly secret: string }> {
    const checked = checkedNewWebhook(wish, this.config.mayWebhooksBePrivate);
    await this.requirePublic(new URL(checked.url));
    const id = deterministicId(actor.tenantId, 'webhook', hashOf(secretText(chance)).toString('hex'));
    return this.changes.make(actor, async (tx, at) => {
      await this.tenants.requireKnown(tx);
      const made = await this.webhooks.insert(tx, actor.tenantId, id, checked, chance, at);
      if (made === undefined) throw new AppError('name_taken', `There is a webhook named ${JSON.stringify(checked.name)} already.`, { status: 409, param: 'name' });
      const result = { webhook: made.webhook, secret: secretText(chance) };
      if (!made.isNew) return { result };
      if ((await this.webhooks.list(tx)).length > MOST_WEBHOOKS) throw new AppError('too_many_webhooks', `A tenant has at most ${MOST_WEBHOOKS} webhooks; remove one first.`, { status: 409 });
      // A path or a query may be a secret of the receiver's: the audit keeps the host.
      const after = { name: checked.name, host: new URL(checked.url).host, types: checked.types };
      return { result, done: { action: 'webhook.created', subject: id, before: null, after, risk: AuditRecorded_Risk.HIGH, kind: SettingsChanged_Kind.WEBHOOK, name: id } };
    });
  }

  /** A host that cannot be found now may be there when an event is to be delivered: each try looks again. */
  private async requirePublic({ hostname }: URL): Promise<void> {
    const options = { lookup: systemLookup, signal: AbortSignal.timeout(LOOK_UP_WITHIN_MS), mayBePrivate: this.config.mayWebhooksBePrivate };
    const host = await resolveHost(hostname, options).catch(() => undefined);
    if (host?.kind === 'not-public') {
      throw new AppError('webhook_address_forbidden', `url: ${hostname} has an address that is not public (${host.addressClass}). The operator can allow that with NEXUS_WEBHOOKS_ALLOW_PRIVATE=true.`, { status: 400, param: 'url' });
    }
  }
}
