import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { withDeadLetterFilter, type DeadLetterFilterOptions } from './dead-letter-options.js';

/** `nexus dead-letters count`: how many there are, by service, channel and reason. */
export function addDeadLettersCount(parent: Command, context: CliContext): void {
  withUrl(withDeadLetterFilter(parent.command('count')))
    .description('Count messages that could not be handled, by service, channel and reason. Needs an admin key; entries that no tenant could be told for, the service token too.')
    .option('--system', 'only entries that no tenant could be told for')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExamples:\n  nexus dead-letters count\n  nexus dead-letters count --service usage --json')
    .action(async ({ channel = '', reason = '', service = '', ...options }: DeadLetterFilterOptions) => {
      const { deadLetterDesks, includesSystem } = await import('../dead-letter-desks.js');
      const desks = await deadLetterDesks(context, options);
      const lists = await Promise.all(desks.map(async ({ whose, letters }) => (await letters.countDeadLetters({ channel, reasonCode: reason, consumerGroup: service })).counts.map((count) => ({ whose, count }))));
      const counts = lists.flat().sort((a, b) => b.count.count - a.count.count);
      if (options.json) {
        const shown = counts.map(({ whose, count }) => ({ of: whose, service: count.consumerGroup, channel: count.channel, reason: count.reasonCode, count: count.count, first_seen_ms: Number(count.firstSeenAt), last_seen_ms: Number(count.lastSeenAt) }));
        return context.terminal.line(JSON.stringify(shown, null, 2));
      }
      const { deadLetterCounts } = await import('../format/dead-letter-table.js');
      context.terminal.lines(deadLetterCounts(counts));
      if (!includesSystem(desks)) context.terminal.note('Entries that no tenant could be told for are not among them: they need NEXUS_SERVICE_TOKEN.');
    });
}
