import { DeliveryState, type Delivery } from '@nexus/contracts';
import { oneLine } from './one-line.js';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

const LONGEST_REASON = 60;

/** Deliveries, one a line, with what came of each. */
export function deliveryTable(deliveries: readonly Delivery[]): string[] {
  if (deliveries.length === 0) return ['There is no such delivery.'];
  const columns = [{ title: 'ID' }, { title: 'WEBHOOK' }, { title: 'TYPE' }, { title: 'RAISED (UTC)' }, { title: 'TRIES', align: 'right' as const }, { title: 'STATE' }];
  return table(columns, deliveries.map((delivery) => [delivery.id, delivery.webhookName, delivery.type, utcTime(delivery.createdAt), String(delivery.tries), stateOf(delivery)]));
}

function stateOf({ state, lastStatus, lastError, nextTryAt, finishedAt }: Delivery): string {
  const reason = oneLine(lastError, LONGEST_REASON);
  switch (state) {
    case DeliveryState.DELIVERED: return `delivered ${utcTime(finishedAt)}, answered ${lastStatus}`;
    case DeliveryState.FAILED: return `failed: ${reason}`;
    case DeliveryState.PENDING: return reason === '' ? 'waits' : `next try ${utcTime(nextTryAt)}: ${reason}`;
    case DeliveryState.UNSPECIFIED: return '';
    default: return ''; // a newer version's word
  }
}
