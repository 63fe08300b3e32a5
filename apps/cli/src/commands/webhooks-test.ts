import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { Failure } from '../exit-code.js';
import { withUrl } from './agent-options.js';

/** `nexus webhooks test`: one event now. */
export function addWebhooksTest(parent: Command, context: CliContext): void {
  withUrl(parent.command('test'))
    .description('Send one event of type webhook.test now and say how it went; it is not tried again. Needs an admin key.')
    .argument('<webhook>', 'its name or id')
    .addHelpText('after', '\nExample:\n  nexus webhooks test billing')
    .action(async (webhook: string, options: { readonly url?: string }) => {
      const { DeliveryState } = await import('@nexus/contracts');
      const delivery = await (await context.gateway(options)).webhooks.sendTestEvent({ webhook });
      if (delivery.state === DeliveryState.DELIVERED) return context.terminal.line(`Delivered: ${delivery.webhookName} answered ${delivery.lastStatus}.`);
      context.terminal.line(`Not delivered: ${delivery.lastError || 'NEXUS stopped meanwhile; try again'}.`);
      throw new Failure('not delivered');
    });
}
