import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface AttemptsListOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus attempts list`: model calls of which nobody knows yet what they cost. */
export function addAttemptsList(parent: Command, context: CliContext): void {
  withUrl(parent.command('list'))
    .description('List the model calls that are UNKNOWN: begun, and nobody heard their end. Their reservation stays until they are resolved.')
    .option('--json', 'print JSON instead of a table; money in micro-USD')
    .addHelpText('after', '\nExample:\n  nexus attempts list')
    .action(async (options: AttemptsListOptions) => {
      const answer = await (await context.gateway(options)).usage.listAttempts({ unknown: true });
      if (options.json) {
        const [{ messageJson }, { ListAttemptsResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(ListAttemptsResponseSchema, answer));
      }
      const { attemptTable } = await import('../format/attempt-table.js');
      context.terminal.lines(attemptTable(answer.attempts));
    });
}
