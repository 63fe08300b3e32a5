import type { Command } from 'commander';

/** What most commands about dead letters take. */
export interface DeadLetterFilterOptions {
  readonly channel?: string;
  readonly reason?: string;
  readonly service?: string;
  readonly system?: boolean;
  readonly json?: boolean;
  readonly url?: string;
}

/** What narrows down which letters are meant. */
export function withDeadLetterFilter(command: Command): Command {
  return command
    .option('--channel <name>', 'only of this channel, e.g. requests.incoming')
    .option('--reason <code>', 'only with this reason, e.g. malformed_payload')
    .option('--service <name>', 'only of the service that could not handle them, e.g. orchestrator');
}
