import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { showBudgets } from './show-budgets.js';

/** `nexus budgets list`: what may be spent, and what is left of it. */
export function addBudgetsList(parent: Command, context: CliContext): void {
  withUrl(parent.command('list'))
    .description('List the budgets with what is spent and set aside. Below one for each subject (*) stand its subjects, the dearest first.')
    .option('--json', 'print JSON instead of a table; money in micro-USD')
    .addHelpText('after', '\nExample:\n  nexus budgets list')
    .action(async (options: { readonly json?: boolean; readonly url?: string }) => {
      await showBudgets(context, await (await context.gateway(options)).usage.getQuota({}), options);
    });
}
