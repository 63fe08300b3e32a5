import type { Command } from 'commander';
import type { GetDeadLetterResponse } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { CliContext } from '../cli-context.js';
import type { DeadLetterDesk } from '../dead-letter-desks.js';
import { withUrl } from './agent-options.js';

interface ShowOptions {
  readonly hex?: boolean;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus dead-letters show`: one of them, with what it held. */
export function addDeadLettersShow(parent: Command, context: CliContext): void {
  withUrl(parent.command('show'))
    .description('Show a message that could not be handled with all that it held, but secrets. Needs an admin key; for an entry that no tenant could be told for, the service token.')
    .argument('<id>', 'id of a dead letter, as `nexus dead-letters list` shows it')
    .option('--hex', 'show what is no text as hex instead of base64')
    .option('--json', 'print JSON instead; bytes are base64 then')
    .addHelpText('after', '\nExamples:\n  nexus dead-letters show 0192d8a0-...\n  nexus dead-letters show 0192d8a0-... --json')
    .action(async (id: string, options: ShowOptions) => {
      const { deadLetterDesks } = await import('../dead-letter-desks.js');
      const found = await firstThatHas(id, await deadLetterDesks(context, options));
      if (options.json) {
        const [{ messageJson }, { GetDeadLetterResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(GetDeadLetterResponseSchema, found));
      }
      const { deadLetterDetail } = await import('../format/dead-letter-detail.js');
      context.terminal.lines(deadLetterDetail(found, options.hex ? 'hex' : 'base64'));
    });
}

async function firstThatHas(id: string, desks: readonly DeadLetterDesk[]): Promise<GetDeadLetterResponse> {
  let missing: unknown;
  for (const { letters } of desks) {
    try {
      return await letters.getDeadLetter({ id });
    } catch (error) {
      if (!(error instanceof AppError && error.status === 404)) throw error;
      missing = error;
    }
  }
  throw missing;
}
