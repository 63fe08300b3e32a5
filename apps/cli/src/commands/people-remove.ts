import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus people remove`: nobody of that name is served any more. */
export function addPeopleRemove(parent: Command, context: CliContext): void {
  withUrl(parent.command('remove'))
    .description('Remove a person: their accounts are served no longer, their groups have no owner. What they spent stays in the ledger. Needs an admin key.')
    .argument('<person>', 'name or id')
    .addHelpText('after', '\nExample:\n  nexus people remove "Zoë Müller"')
    .action(async (person: string, options: { readonly url?: string }) => {
      await (await context.gateway(options)).people.removePerson({ person });
      context.terminal.line(`Removed: ${person}`);
    });
}
