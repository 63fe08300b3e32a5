import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { count } from '../format/count.js';
import { withUrl } from './agent-options.js';

interface WebhooksReplayOptions {
  readonly failed?: string;
  readonly url?: string;
}

/** `nexus webhooks replay`: what was sent or failed is sent again, under the same id. */
export function addWebhooksReplay(parent: Command, context: CliContext): void {
  withUrl(parent.command('replay'))
    .description('Send one delivery again, or all of a webhook that failed. The receiver sees the same id and drops what it has. Needs an admin key.')
    .argument('[delivery]', 'id of a delivery, as `nexus webhooks deliveries` shows it')
    .option('--failed <webhook>', 'all that failed of this webhook (its name or id)')
    .addHelpText('after', '\nExamples:\n  nexus webhooks replay 0192d8a0-...\n  nexus webhooks replay --failed billing')
    .action(async (delivery: string | undefined, options: WebhooksReplayOptions, command: Command) => {
      if ((delivery === undefined) === (options.failed === undefined)) command.error('error: name one delivery, or a webhook with --failed', { exitCode: 2 });
      const answer = await (await context.gateway(options)).webhooks.replayDeliveries(delivery === undefined ? { webhook: options.failed ?? '' } : { deliveryId: delivery });
      if (answer.count > 0) return context.terminal.line(`Sent again: ${count(answer.count, 'event')}.`);
      context.terminal.line(delivery === undefined ? 'Nothing failed.' : 'It is being tried at this moment.');
    });
}
