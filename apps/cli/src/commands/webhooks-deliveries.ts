import { Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { numberBetween } from './option-values.js';

interface WebhooksDeliveriesOptions {
  readonly state?: 'pending' | 'delivered' | 'failed';
  readonly limit: number;
  readonly after?: string;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus webhooks deliveries`: what was sent, what waits and what failed. */
export function addWebhooksDeliveries(parent: Command, context: CliContext): void {
  withUrl(parent.command('deliveries'))
    .description('Show which events were delivered, which wait for their next try and which failed, newest first; for 30 days. Needs an admin key.')
    .argument('[webhook]', 'its name or id', '')
    .addOption(new Option('--state <state>', 'only these').choices(['pending', 'delivered', 'failed']))
    .option('--limit <count>', 'at most', numberBetween(1, 100), 20)
    .option('--after <id>', 'go on after this delivery')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExamples:\n  nexus webhooks deliveries\n  nexus webhooks deliveries billing --state failed')
    .action(async (webhook: string, options: WebhooksDeliveriesOptions) => {
      const { DeliveryState, ListDeliveriesResponseSchema } = await import('@nexus/contracts');
      const states = { pending: DeliveryState.PENDING, delivered: DeliveryState.DELIVERED, failed: DeliveryState.FAILED };
      const state = options.state === undefined ? DeliveryState.UNSPECIFIED : states[options.state];
      const answer = await (await context.gateway(options)).webhooks.listDeliveries({ webhook, state, limit: options.limit, after: options.after ?? '' });
      if (options.json) {
        const { messageJson } = await import('../format/message-json.js');
        return context.terminal.line(messageJson(ListDeliveriesResponseSchema, answer));
      }
      const { deliveryTable } = await import('../format/delivery-table.js');
      context.terminal.lines(deliveryTable(answer.deliveries));
      if (answer.hasMore) context.terminal.note(`There are more: --after ${answer.deliveries.at(-1)?.id ?? ''}`);
    });
}
