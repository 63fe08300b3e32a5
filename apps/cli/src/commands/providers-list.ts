import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface ProvidersListOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus providers list`: which providers there are, and what each is missing. */
export function addProvidersList(parent: Command, context: CliContext): void {
  withUrl(parent.command('list'))
    .description('List the providers of models: which are ready, which need a key, and some of their models.')
    .option('--json', 'print JSON instead of a table, with every model')
    .addHelpText('after', '\nExamples:\n  nexus providers list\n  nexus providers list --json')
    .action(async (options: ProvidersListOptions) => {
      const list = await (await context.gateway(options)).settings.listProviders({});
      if (options.json) {
        const [{ messageJson }, { ListTenantProvidersResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(ListTenantProvidersResponseSchema, list));
      }
      const { providerTable } = await import('../format/provider-table.js');
      context.terminal.lines(providerTable(list.providers));
    });
}
