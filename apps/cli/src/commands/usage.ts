import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import type { UsageGroup } from '../format/usage-table.js';
import { withUrl } from './agent-options.js';
import { day, severalOf } from './option-values.js';

interface UsageOptions {
  readonly from?: string;
  readonly to?: string;
  readonly client?: string;
  readonly groupBy: readonly UsageGroup[];
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus usage`: what was used and what it cost, from the ledger; beside it, on standard error, the budgets. */
export function addUsage(parent: Command, context: CliContext): void {
  withUrl(parent.command('usage'))
    .description('Show what was used and what it cost, by day, provider and model, and what is left of each budget.')
    .option('--from <day>', 'first day, YYYY-MM-DD in UTC (default: the first of this month)', day)
    .option('--to <day>', 'last day (default: today)', day)
    .option('--client <name>', 'only of this client')
    .addOption(severalOf('--group-by <what>', 'day, provider, model, client, project or key', 'day,provider,model'))
    .option('--json', 'print JSON instead of a table; money in micro-USD')
    .addHelpText('after', '\nExamples:\n  nexus usage\n  nexus usage --from 2026-11-01 --to 2026-11-30 --group-by client,model\n  nexus usage --client acme --json')
    .action(async (options: UsageOptions) => {
      const [{ usageGroups, usageTable }, { budgetLines }] = await Promise.all([import('../format/usage-table.js'), import('../format/budget-lines.js')]);
      const groups = checkedGroups(options.groupBy, usageGroups);
      const gateway = await context.gateway(options);
      const report = await gateway.usage.getUsage({ fromDay: options.from ?? '', toDay: options.to ?? '', client: options.client ?? '', groupBy: [...groups] });
      if (!options.json) {
        const { budgets } = await gateway.usage.getQuota({});
        context.terminal.lines(usageTable(report, groups));
        for (const line of budgetLines(budgets)) context.terminal.note(line);
        return;
      }
      const [{ messageJson }, { GetUsageResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
      context.terminal.line(messageJson(GetUsageResponseSchema, report));
    });

  function checkedGroups(asked: readonly string[], known: readonly UsageGroup[]): readonly UsageGroup[] {
    const wrong = asked.filter((group) => !known.some((name) => name === group));
    if (wrong.length > 0) parent.error(`error: --group-by knows ${known.join(', ')}; not: ${wrong.join(', ')}`, { exitCode: 2 });
    const groups = known.filter((group) => asked.includes(group));
    return groups.length === 0 ? ['day', 'provider', 'model'] : groups;
  }
}
