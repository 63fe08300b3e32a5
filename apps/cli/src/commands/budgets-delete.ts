import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus budgets delete`: nothing is held by it any more. */
export function addBudgetsDelete(parent: Command, context: CliContext): void {
  withUrl(parent.command('delete'))
    .description('Delete a budget: from now on nothing is held by it. What was spent stays in the ledger. Needs an admin key.')
    .argument('<name>', 'of the budget')
    .addHelpText('after', '\nExample:\n  nexus budgets delete team')
    .action(async (name: string, options: { readonly url?: string }) => {
      await (await context.gateway(options)).usage.deleteBudget({ name });
      context.terminal.line(`Deleted: ${name}`);
    });
}
