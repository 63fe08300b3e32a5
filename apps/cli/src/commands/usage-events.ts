import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { daysOfMonth } from '../domain/month.js';
import { withUrl } from './agent-options.js';
import { day, month } from './option-values.js';

interface UsageEventsOptions {
  readonly from?: string;
  readonly to?: string;
  readonly month?: string;
  readonly client?: string;
  readonly project?: string;
  readonly url?: string;
}

const ROWS_OF_PAGE = 1_000;

/** `nexus usage events`: the ledger's rows as CloudEvents, for other programs. */
export function addUsageEvents(parent: Command, context: CliContext): void {
  withUrl(parent.command('events'))
    .description('Print the rows of the ledger as a JSON batch of CloudEvents 1.0 (nexus.usage.recorded.v1), newest first. What has been booked again later is an event of its own.')
    .option('--from <day>', 'first day, YYYY-MM-DD in UTC (default: the first of this month)', day)
    .option('--to <day>', 'last day (default: today)', day)
    .option('--month <month>', 'instead of both: a whole month, YYYY-MM', month)
    .option('--client <name>', 'only of this client')
    .option('--project <name>', 'only of this project')
    .addHelpText('after', '\nExample:\n  nexus usage events --month 2026-11 --client acme > events.json')
    .action(async (options: UsageEventsOptions) => {
      const { ledgerEventJson } = await import('@nexus/contracts');
      const gateway = await context.gateway(options);
      const days = options.month === undefined ? undefined : daysOfMonth(options.month);
      const asked = { fromDay: days?.from ?? options.from ?? '', toDay: days?.to ?? options.to ?? '', client: options.client ?? '', project: options.project ?? '', limit: ROWS_OF_PAGE };
      let isFirst = true;
      for (let after = ''; ;) {
        const { rows, next } = await gateway.usage.listLedger({ ...asked, after });
        for (const row of rows) {
          context.terminal.write(`${isFirst ? '[' : ','}\n${JSON.stringify(ledgerEventJson(row))}`);
          isFirst = false;
        }
        if (next === '') break;
        after = next;
      }
      context.terminal.line(isFirst ? '[]' : '\n]');
    });
}
