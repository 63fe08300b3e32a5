import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus people unlink`: an account that is nobody's any more. */
export function addPeopleUnlink(parent: Command, context: CliContext): void {
  withUrl(parent.command('unlink'))
    .description('Unlink an account: it is served no longer. Needs an admin key.')
    .argument('<surface>', 'e.g. telegram')
    .argument('<account>', "the surface's own id of the account, as `nexus people list` shows it")
    .addHelpText('after', '\nExample:\n  nexus people unlink telegram 123456789')
    .action(async (surface: string, accountId: string, options: { readonly url?: string }) => {
      await (await context.gateway(options)).people.unlinkAccount({ surface, accountId });
      context.terminal.line(`Unlinked: ${surface} ${accountId}`);
    });
}
