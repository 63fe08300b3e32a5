import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { severalOf } from './option-values.js';

interface WebhooksAddOptions {
  readonly type: readonly string[];
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus webhooks add`: an address that is told what happens; the secret of its signatures is shown once. */
export function addWebhooksAdd(parent: Command, context: CliContext): void {
  withUrl(parent.command('add'))
    .description('Let an address outside be told what happens. The secret with which it verifies that is shown now and never again. Needs an admin key.')
    .argument('<name>', 'tells webhooks apart')
    .argument('<address>', 'where events are posted to, https://...')
    .addOption(severalOf('--type <type>', 'run.finished, budget.reached, provider.limited or approval.asked (which nobody raises yet)', 'every type'))
    .option('--json', 'print JSON instead')
    .addHelpText('after', '\nExamples:\n  nexus webhooks add billing https://example.com/hooks/nexus --type run.finished,budget.reached\n  nexus webhooks test billing')
    .action(async (name: string, address: string, options: WebhooksAddOptions) => {
      const created = await (await context.gateway(options)).webhooks.createWebhook({ name, url: address, types: [...options.type] });
      if (options.json) {
        const [{ messageJson }, { CreateWebhookResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(CreateWebhookResponseSchema, created));
      }
      context.terminal.line(created.secret);
      context.terminal.note(`This is the secret of the webhook "${name}" (id ${created.webhook?.id ?? '?'}). Keep it now: it cannot be shown again. Try it: nexus webhooks test ${name}`);
    });
}
