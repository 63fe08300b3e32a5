import type { Command } from 'commander';
import type { UsageDimension } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { CliContext } from '../cli-context.js';
import { daysOfMonth } from '../domain/month.js';
import { withUrl } from './agent-options.js';
import { day, month, severalOf } from './option-values.js';
import { addUsageEvents } from './usage-events.js';

interface UsageOptions {
  readonly from?: string;
  readonly to?: string;
  readonly month?: string;
  readonly client?: string;
  readonly project?: string;
  readonly by: readonly string[];
  readonly groupBy: readonly string[];
  readonly csv?: boolean;
  readonly focus?: boolean;
  readonly invoice?: boolean;
  readonly json?: boolean;
  readonly url?: string;
}

const EXAMPLES = `
Examples:
  nexus usage
  nexus usage --client acme --month 2026-11
  nexus usage --client acme --month 2026-11 --by provider,model,project --csv
  nexus usage --client acme --month 2026-11 --invoice
  nexus usage --month 2026-11 --focus > focus.csv

An invoice adds the client's markup: configuration key "billing", {"acme": {"markup_percent": 20}}, else "invoice.markup_percent".`;

/** `nexus usage`: what was used and what it cost, from the ledger; beside it, on standard error, the budgets. */
export function addUsage(parent: Command, context: CliContext): void {
  const usage = withUrl(parent.command('usage'))
    .description('Show what was used and what it cost, by day, provider and model, and what is left of each budget.')
    .enablePositionalOptions()
    .option('--from <day>', 'first day, YYYY-MM-DD in UTC (default: the first of this month)', day)
    .option('--to <day>', 'last day (default: today)', day)
    .option('--month <month>', 'instead of both: a whole month, YYYY-MM', month)
    .option('--client <name>', 'only of this client')
    .option('--project <name>', 'only of this project')
    .addOption(severalOf('--by <what>', 'day, provider, model, client, project, key, user or agent', 'day,provider,model'))
    .addOption(severalOf('--group-by <what>', 'the same as --by', '').hideHelp())
    .option('--csv', 'print CSV instead of a table, with every kind of token')
    .option('--focus', 'print the columns of FOCUS 1.2 (FinOps Open Cost and Usage Specification) as CSV')
    .option('--invoice', "print the client's invoice in Markdown, with its markup; needs --client")
    .option('--json', 'print JSON instead; money in micro-USD')
    .addHelpText('after', EXAMPLES)
    .action(async (options: UsageOptions) => {
      checkForm(options);
      const [{ usageDimensions }, { usageTable }, { focusGroups, usageFocus }] = await Promise.all([import('@nexus/contracts'), import('../format/usage-table.js'), import('../format/usage-focus.js')]);
      const asked = [...options.by, ...options.groupBy];
      const groups = options.focus ? focusGroups : options.invoice ? INVOICE_GROUPS : checkedGroups(asked, usageDimensions);
      if ((options.focus || options.invoice) && asked.length > 0) refuse('--by has no meaning for --focus and --invoice, which have their own lines');
      const gateway = await context.gateway(options);
      const days = options.month === undefined ? { from: options.from ?? '', to: options.to ?? '' } : (daysOfMonth(options.month) ?? { from: '', to: '' });
      const report = await gateway.usage.getUsage({ fromDay: days.from, toDay: days.to, client: options.client ?? '', project: options.project ?? '', groupBy: [...groups] });
      if (report.rows.reduce((sum, row) => sum + row.costMicroUsd, 0n) !== report.total?.costMicroUsd) {
        throw new AppError('too_many_lines', `These are more than 10,000 lines: ask for fewer days (--from, --to)${options.focus || options.invoice ? '' : ', or with fewer groups (--by)'}.`, { status: 400 });
      }
      const { terminal } = context;
      if (options.csv) return terminal.lines((await import('../format/usage-csv.js')).usageCsv(report.rows, groups));
      if (options.focus) return terminal.lines(usageFocus(report.rows));
      if (options.invoice) return terminal.lines(await (await import('../write-invoice.js')).writeInvoice(gateway, { client: options.client ?? '', ...days }, report.rows));
      if (options.json) {
        const [{ messageJson }, { GetUsageResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return terminal.line(messageJson(GetUsageResponseSchema, report));
      }
      const [{ budgets, runs }, { budgetLines, planLines }] = await Promise.all([gateway.usage.getQuota({}), import('../format/budget-lines.js')]);
      terminal.lines(usageTable(report, groups));
      for (const line of [...budgetLines(budgets), ...planLines(runs)]) terminal.note(line);
    });
  addUsageEvents(usage, context);

  function checkForm(options: UsageOptions): void {
    const forms = (['csv', 'focus', 'invoice', 'json'] as const).filter((form) => options[form]);
    if (forms.length > 1) refuse(`only one of ${forms.map((form) => `--${form}`).join(' and ')} can be printed`);
    if (options.month !== undefined && (options.from !== undefined || options.to !== undefined)) refuse('--month is instead of --from and --to');
    if (options.invoice && (options.client === undefined || options.client === '')) refuse('--invoice needs --client: an invoice is for one client');
    if (options.invoice && options.month === undefined && (options.from === undefined || options.to === undefined)) refuse('--invoice needs --month, or --from and --to');
  }

  function checkedGroups(asked: readonly string[], known: readonly UsageDimension[]): readonly UsageDimension[] {
    const wrong = asked.filter((group) => !known.some((name) => name === group));
    if (wrong.length > 0) refuse(`--by knows ${known.join(', ')}; not: ${wrong.join(', ')}`);
    const groups = known.filter((group) => asked.includes(group));
    return groups.length === 0 ? ['day', 'provider', 'model'] : groups;
  }

  function refuse(message: string): void {
    parent.error(`error: ${message}`, { exitCode: 2 });
  }
}

const INVOICE_GROUPS: readonly UsageDimension[] = ['provider', 'model', 'project'];
