import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { withDeadLetterFilter, type DeadLetterFilterOptions } from './dead-letter-options.js';
import { numberBetween } from './option-values.js';

interface ListOptions extends DeadLetterFilterOptions {
  readonly limit: number;
}

/** `nexus dead-letters list`: what could not be handled, of every service. */
export function addDeadLettersList(parent: Command, context: CliContext): void {
  withUrl(withDeadLetterFilter(parent.command('list')))
    .description('List messages that could not be handled, newest first, without what they held. Needs an admin key; entries that no tenant could be told for, the service token too.')
    .option('--limit <n>', 'at most this many', numberBetween(1, 1_000), 20)
    .option('--system', 'only entries that no tenant could be told for')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExamples:\n  nexus dead-letters list\n  nexus dead-letters list --channel requests.incoming --reason malformed_payload --json')
    .action(async (options: ListOptions) => {
      const [{ deadLetterDesks }, { listDeadLetters }] = await Promise.all([import('../dead-letter-desks.js'), import('../list-dead-letters.js')]);
      const { letters, hasMore, isSystemSearched } = await listDeadLetters(await deadLetterDesks(context, options), options);
      if (options.json) {
        const [{ messageJson }, { ListDeadLettersResponseSchema }, { create }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts'), import('@bufbuild/protobuf')]);
        return context.terminal.line(messageJson(ListDeadLettersResponseSchema, create(ListDeadLettersResponseSchema, { deadLetters: [...letters] })));
      }
      const { deadLetterTable } = await import('../format/dead-letter-table.js');
      context.terminal.lines(deadLetterTable(letters));
      if (hasMore) context.terminal.note('There are more: --limit says how many are listed; `nexus dead-letters count` counts all.');
      if (!isSystemSearched) context.terminal.note('Entries that no tenant could be told for are not among them: they need NEXUS_SERVICE_TOKEN.');
    });
}
