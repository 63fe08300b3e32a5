import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { numberBetween } from './option-values.js';

interface DeadLettersOptions {
  readonly channel?: string;
  readonly limit: number;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus dead-letters list`: what could not be handled, of every service. */
export function addDeadLettersList(parent: Command, context: CliContext): void {
  withUrl(parent.command('list'))
    .description('List messages that could not be handled, newest first. Needs an admin key; entries that no tenant could be told for, the service token too.')
    .option('--channel <name>', 'only of this channel, e.g. requests.incoming')
    .option('--limit <n>', 'at most this many', numberBetween(1, 100), 20)
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExamples:\n  nexus dead-letters list\n  nexus dead-letters list --channel requests.incoming --json')
    .action(async (options: DeadLettersOptions) => {
      const { listDeadLetters } = await import('../list-dead-letters.js');
      const { letters, isSystemSearched } = await listDeadLetters(context, options);
      if (options.json) {
        const [{ messageJson }, { ListDeadLettersResponseSchema }, { create }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts'), import('@bufbuild/protobuf')]);
        return context.terminal.line(messageJson(ListDeadLettersResponseSchema, create(ListDeadLettersResponseSchema, { deadLetters: [...letters] })));
      }
      const { deadLetterTable } = await import('../format/dead-letter-table.js');
      context.terminal.lines(deadLetterTable(letters));
      if (!isSystemSearched) context.terminal.note('Entries that no tenant could be told for are not among them: they need NEXUS_SERVICE_TOKEN.');
    });
}
