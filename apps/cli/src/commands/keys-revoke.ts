import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus keys revoke`: the key is refused from now on. */
export function addKeysRevoke(parent: Command, context: CliContext): void {
  withUrl(parent.command('revoke'))
    .description('Revoke a key: from now on it is refused. Needs an admin key.')
    .argument('<id>', 'id of the key, as `nexus keys list` shows it')
    .addHelpText('after', '\nExample:\n  nexus keys revoke 0192d8a0-...')
    .action(async (id: string, options: { readonly url?: string }) => {
      const { key } = await (await context.gateway(options)).settings.revokeKey({ id });
      context.terminal.line(`Revoked: ${key?.name ?? id} (${key?.prefix ?? ''}...)`);
    });
}
