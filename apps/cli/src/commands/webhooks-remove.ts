import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus webhooks remove`: it is forgotten, with its deliveries. */
export function addWebhooksRemove(parent: Command, context: CliContext): void {
  withUrl(parent.command('remove'))
    .description('Remove a webhook, with its deliveries. Needs an admin key.')
    .argument('<webhook>', 'its name or id')
    .addHelpText('after', '\nExample:\n  nexus webhooks remove billing')
    .action(async (webhook: string, options: { readonly url?: string }) => {
      await (await context.gateway(options)).webhooks.deleteWebhook({ webhook });
      context.terminal.line(`Removed: ${webhook}`);
    });
}
