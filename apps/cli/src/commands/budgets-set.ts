import { Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { microUsd, severalOf } from './option-values.js';
import { showBudgets } from './show-budgets.js';

/** Below the tenant: each is an option that names the subject. */
const SCOPES = ['client', 'project', 'user', 'key', 'agent'] as const;
type Scope = (typeof SCOPES)[number];

interface BudgetsSetOptions extends Partial<Readonly<Record<Scope, string>>> {
  readonly limitUsd: bigint;
  readonly per: string;
  readonly level: 'soft' | 'hard' | 'critical';
  readonly whenReached: 'refuse' | 'cheaper-tier' | 'smaller-context';
  readonly exempt: readonly string[];
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus budgets set`: makes a budget, or changes the one of that name. */
export function addBudgetsSet(parent: Command, context: CliContext): void {
  const command = withUrl(parent.command('set'))
    .description('Make a budget, or change the one of that name. Without a subject it is for everything. Needs an admin key.')
    .argument('<name>', 'names the budget; refusals say it')
    .requiredOption('--limit-usd <amount>', 'what may be spent in USD, up to six decimals; 0 lets nothing through', microUsd)
    .addOption(new Option('--per <period>', 'how long it lasts, in UTC').choices(['day', 'month', 'total']).default('day'));
  for (const scope of SCOPES) {
    command.addOption(new Option(`--${scope} <${scope === 'key' ? 'id' : 'name'}>`, `for this ${scope} only; * gives each ${scope} a budget of its own`).conflicts(SCOPES.filter((other) => other !== scope)));
  }
  command
    .addOption(new Option('--level <level>', 'soft: tells, and lets through; hard: a ceiling; critical: a ceiling for all but --exempt, until it is lifted').choices(['soft', 'hard', 'critical']).default('hard'))
    .addOption(new Option('--when-reached <wish>', 'what is tried before a call is refused').choices(['refuse', 'cheaper-tier', 'smaller-context']).default('refuse'))
    .addOption(severalOf('--exempt <agent>', 'an agent whose work goes on above a critical limit', 'none'))
    .option('--json', 'print JSON instead; money in micro-USD')
    .addHelpText('after', '\nExamples:\n  nexus budgets set team --limit-usd 50 --per month\n  nexus budgets set "each key" --limit-usd 1 --key "*"\n  nexus budgets set acme --limit-usd 20 --client acme --when-reached cheaper-tier\n  nexus budgets set emergency --limit-usd 100 --level critical --exempt on-call')
    .action(async (name: string, options: BudgetsSetOptions) => {
      const { BudgetLevel, BudgetScope, WhenReached } = await import('@nexus/contracts');
      const scope = SCOPES.find((one) => options[one] !== undefined);
      const answer = await (await context.gateway(options)).usage.setBudget({
        name,
        period: options.per,
        limitMicroUsd: options.limitUsd,
        scope: scope === undefined ? BudgetScope.TENANT : { client: BudgetScope.CLIENT, project: BudgetScope.PROJECT, user: BudgetScope.USER, key: BudgetScope.KEY, agent: BudgetScope.AGENT }[scope],
        subject: scope === undefined ? '' : (options[scope] ?? ''),
        level: { soft: BudgetLevel.SOFT, hard: BudgetLevel.HARD, critical: BudgetLevel.CRITICAL }[options.level],
        whenReached: { refuse: WhenReached.REFUSE, 'cheaper-tier': WhenReached.CHEAPER_TIER, 'smaller-context': WhenReached.SMALLER_CONTEXT }[options.whenReached],
        exemptAgents: [...options.exempt],
      });
      await showBudgets(context, answer, options);
    });
}
