import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus webhooks enable`: it is told from now on. */
export function addWebhooksEnable(parent: Command, context: CliContext): void {
  addSwitch(parent, context, { name: 'enable', isEnabled: true, description: 'Switch a webhook on: it is told what happens from now on. What failed before is sent with nexus webhooks replay. Needs an admin key.', told: 'Enabled' });
}

/** `nexus webhooks disable`: it is told nothing, until it is switched on again. */
export function addWebhooksDisable(parent: Command, context: CliContext): void {
  addSwitch(parent, context, { name: 'disable', isEnabled: false, description: 'Switch a webhook off: it is told nothing, and what waits for it is given up. Needs an admin key.', told: 'Disabled' });
}

function addSwitch(parent: Command, context: CliContext, { name, isEnabled, description, told }: { name: string; isEnabled: boolean; description: string; told: string }): void {
  withUrl(parent.command(name))
    .description(description)
    .argument('<webhook>', 'its name or id')
    .addHelpText('after', `\nExample:\n  nexus webhooks ${name} billing`)
    .action(async (webhook: string, options: { readonly url?: string }) => {
      const changed = await (await context.gateway(options)).webhooks.setWebhookState({ webhook, enabled: isEnabled });
      context.terminal.line(`${told}: ${changed.name}`);
    });
}
