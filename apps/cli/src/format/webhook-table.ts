import type { Webhook } from '@nexus/contracts';
import { oneLine } from './one-line.js';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

const LONGEST_ADDRESS = 60;

/** Webhooks, with what each is told and why one was switched off. */
export function webhookTable(webhooks: readonly Webhook[]): string[] {
  if (webhooks.length === 0) return ['There is no webhook: nobody outside is told anything.'];
  const titles = ['NAME', 'ADDRESS', 'IS TOLD', 'STATE', 'MADE (UTC)', 'ID'];
  return table(
    titles.map((title) => ({ title })),
    webhooks.map((webhook) => [webhook.name, oneLine(webhook.url, LONGEST_ADDRESS), webhook.types.length === 0 ? 'everything' : webhook.types.join(', '), stateOf(webhook), utcTime(webhook.createdAt), webhook.id]),
  );
}

function stateOf({ enabled, disabledReason }: Webhook): string {
  return enabled ? 'on' : `off${disabledReason === '' ? '' : `: ${disabledReason}`}`;
}
