import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Injectable } from '@nestjs/common';
import {
  DeliveryState, WebhookService, type CreateWebhookRequest, type DeleteWebhookRequest, type ListDeliveriesRequest, type ReplayDeliveriesRequest, type SendTestEventRequest, type SetWebhookStateRequest,
} from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';
import { RpcService, requireAdmin, seedOf } from '@nexus/runtime';
import { actorOf } from './actor-of.js';
import { ChangeWebhooksHandler } from './handlers/change-webhooks.handler.js';
import { CreateWebhookHandler } from './handlers/create-webhook.handler.js';
import { UseDeliveriesHandler } from './handlers/use-deliveries.handler.js';
import { deliveryMessage, webhookMessage } from './webhook-messages.js';

const USUAL_PAGE = 20;
const LARGEST_PAGE = 100;

/** Where a tenant's events go. All of it needs an admin key: an address outside is told what happens inside. */
@Injectable()
@RpcService(WebhookService)
export class WebhookRpc implements ServiceImpl<typeof WebhookService> {
  constructor(
    private readonly creation: CreateWebhookHandler,
    private readonly changes: ChangeWebhooksHandler,
    private readonly deliveries: UseDeliveriesHandler,
  ) {}

  async createWebhook({ name, url, types }: CreateWebhookRequest, context: HandlerContext) {
    const { webhook, secret } = await this.creation.handle(actorOf(requireAdmin(context)), { name, url, types }, seedOf(context));
    return { webhook: webhookMessage(webhook), secret };
  }

  async listWebhooks(_request: unknown, context: HandlerContext) {
    return { webhooks: (await this.deliveries.webhooksOf(requireAdmin(context).tenantId)).map(webhookMessage) };
  }

  async setWebhookState({ webhook, enabled }: SetWebhookStateRequest, context: HandlerContext) {
    return webhookMessage(await this.changes.setState(actorOf(requireAdmin(context)), webhook, enabled));
  }

  async deleteWebhook({ webhook }: DeleteWebhookRequest, context: HandlerContext) {
    await this.changes.delete(actorOf(requireAdmin(context)), webhook);
    return {};
  }

  async listDeliveries({ webhook, state, limit, after }: ListDeliveriesRequest, context: HandlerContext) {
    const { tenantId } = requireAdmin(context);
    if (limit < 0 || limit > LARGEST_PAGE) throw invalid('limit', `must be from 1 to ${LARGEST_PAGE}`);
    if (after !== '' && !isUuid(after)) throw invalid('after', 'must be the id of a delivery');
    const wanted = limit === 0 ? USUAL_PAGE : limit;
    const found = await this.deliveries.list(tenantId, webhook, { state: state === DeliveryState.UNSPECIFIED ? undefined : state, after: after === '' ? undefined : after, limit: wanted + 1 });
    return { deliveries: found.slice(0, wanted).map(deliveryMessage), hasMore: found.length > wanted };
  }

  async replayDeliveries({ deliveryId, webhook }: ReplayDeliveriesRequest, context: HandlerContext) {
    const { tenantId } = requireAdmin(context);
    if ((deliveryId === '') === (webhook === '')) throw invalid('delivery_id', 'must name one delivery, or webhook the one whose failed deliveries are meant');
    if (deliveryId === '') return { count: await this.deliveries.replayFailed(tenantId, webhook) };
    if (!isUuid(deliveryId)) throw invalid('delivery_id', 'must be the id of a delivery');
    return { count: await this.deliveries.replay(tenantId, deliveryId) };
  }

  async sendTestEvent({ webhook }: SendTestEventRequest, context: HandlerContext) {
    return deliveryMessage(await this.deliveries.test(requireAdmin(context).tenantId, webhook));
  }
}

function invalid(param: string, what: string): AppError {
  return new AppError('invalid_value', `${param} ${what}.`, { status: 400, param });
}
