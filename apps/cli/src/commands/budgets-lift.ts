import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { numberBetween } from './option-values.js';
import { showBudgets } from './show-budgets.js';

const WEEK_MINUTES = 10_080;

interface BudgetsLiftOptions {
  readonly minutes: number;
  readonly reason: string;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus budgets lift`: all work goes on above a critical budget for a while. */
export function addBudgetsLift(parent: Command, context: CliContext): void {
  withUrl(parent.command('lift'))
    .description('Let all work go on above a critical budget for a while. It ends by itself, and the audit trail says who did it and why. Needs an admin key.')
    .argument('<name>', 'of the budget')
    .option('--minutes <count>', 'for how long; 0 ends it now', numberBetween(0, WEEK_MINUTES), 60)
    .requiredOption('--reason <text>', 'why; kept in the audit trail')
    .option('--json', 'print JSON instead; money in micro-USD')
    .addHelpText('after', '\nExamples:\n  nexus budgets lift emergency --minutes 90 --reason "the release must go out"\n  nexus budgets lift emergency --minutes 0 --reason "it is out"')
    .action(async (name: string, options: BudgetsLiftOptions) => {
      await showBudgets(context, await (await context.gateway(options)).usage.liftBudget({ name, seconds: BigInt(options.minutes) * 60n, reason: options.reason }), options);
    });
}
