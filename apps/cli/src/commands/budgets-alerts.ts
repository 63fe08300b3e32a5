import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { numberBetween } from './option-values.js';

interface BudgetsAlertsOptions {
  readonly limit: number;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus budgets alerts`: which budgets were reached, and which calls cost more than was set aside. */
export function addBudgetsAlerts(parent: Command, context: CliContext): void {
  withUrl(parent.command('alerts'))
    .description('Show which budgets were reached or lifted, and which calls cost more than was set aside for them, newest first.')
    .option('--limit <count>', 'at most', numberBetween(1, 1_000), 20)
    .option('--json', 'print JSON instead of a table; money in micro-USD')
    .addHelpText('after', '\nExample:\n  nexus budgets alerts --limit 50')
    .action(async (options: BudgetsAlertsOptions) => {
      const answer = await (await context.gateway(options)).usage.listBudgetAlerts({ limit: options.limit });
      if (options.json) {
        const [{ messageJson }, { ListBudgetAlertsResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(ListBudgetAlertsResponseSchema, answer));
      }
      const { alertTable } = await import('../format/alert-table.js');
      context.terminal.lines(alertTable(answer.alerts));
    });
}
