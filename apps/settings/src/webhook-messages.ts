import type { MessageInitShape } from '@bufbuild/protobuf';
import { DeliveryState, type DeliverySchema, type WebhookSchema } from '@nexus/contracts';
import type { StoredDelivery } from './storage/delivery-desk.repository.js';
import type { StoredWebhook } from './storage/webhook.repository.js';

/** A webhook as it travels: its secret is not known here. */
export function webhookMessage({ id, name, url, types, isEnabled, disabledReason, createdAt }: StoredWebhook): MessageInitShape<typeof WebhookSchema> {
  return { id, name, url, types: [...types], enabled: isEnabled, disabledReason, createdAt: BigInt(createdAt.getTime()) };
}

/** A delivery as it travels: not what was sent, only what came of it. */
export function deliveryMessage(delivery: StoredDelivery): MessageInitShape<typeof DeliverySchema> {
  const { id, webhookId, webhookName, eventId, type, state, tries, lastStatus, lastError, createdAt, nextTryAt, finishedAt } = delivery;
  return {
    id, webhookId, webhookName, eventId, type, tries, lastStatus, lastError, state: stateOf(state),
    createdAt: timeOf(createdAt), nextTryAt: timeOf(nextTryAt), finishedAt: timeOf(finishedAt),
  };
}

function stateOf(stored: number): DeliveryState {
  return stored in DeliveryState ? stored : DeliveryState.UNSPECIFIED;
}

function timeOf(at: Date | null): bigint {
  return BigInt(at?.getTime() ?? 0);
}
