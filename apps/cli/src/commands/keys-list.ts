import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface KeysListOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus keys list`: the tenant's keys, without their secrets. */
export function addKeysList(parent: Command, context: CliContext): void {
  withUrl(parent.command('list'))
    .description('List the keys, revoked ones too. Needs an admin key.')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExamples:\n  nexus keys list\n  nexus keys list --json')
    .action(async (options: KeysListOptions) => {
      const list = await (await context.gateway(options)).settings.listKeys({});
      if (options.json) {
        const [{ messageJson }, { ListKeysResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(ListKeysResponseSchema, list));
      }
      const { keyTable } = await import('../format/key-table.js');
      context.terminal.lines(keyTable(list.keys));
    });
}
