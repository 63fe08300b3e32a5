import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface WebhooksListOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus webhooks list`: who is told what happens. */
export function addWebhooksList(parent: Command, context: CliContext): void {
  withUrl(parent.command('list'))
    .description('List the webhooks, those that are switched off too. Needs an admin key.')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExample:\n  nexus webhooks list')
    .action(async (options: WebhooksListOptions) => {
      const list = await (await context.gateway(options)).webhooks.listWebhooks({});
      if (options.json) {
        const [{ messageJson }, { ListWebhooksResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(ListWebhooksResponseSchema, list));
      }
      const { webhookTable } = await import('../format/webhook-table.js');
      context.terminal.lines(webhookTable(list.webhooks));
    });
}
