import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface PeopleCodeOptions {
  readonly surface?: string;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus people code`: a code that links one account, shown once. */
export function addPeopleCode(parent: Command, context: CliContext): void {
  withUrl(parent.command('code'))
    .description('Make a code by which a person links an account of theirs: it works once, for 15 minutes. Needs an admin key.')
    .argument('<person>', 'name or id')
    .option('--surface <name>', 'where it works, e.g. telegram (default: everywhere)')
    .option('--json', 'print JSON instead')
    .addHelpText('after', '\nExamples:\n  nexus people code "Zoë Müller"\n  nexus people code "Zoë Müller" --surface telegram')
    .action(async (person: string, options: PeopleCodeOptions) => {
      const made = await (await context.gateway(options)).people.createLinkCode({ person, surface: options.surface ?? '' });
      if (options.json) {
        const [{ messageJson }, { CreateLinkCodeResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(CreateLinkCodeResponseSchema, made));
      }
      const { utcTime } = await import('../format/utc-time.js');
      context.terminal.line(made.code);
      context.terminal.note(`${made.person?.name ?? person} sends this to the bot, before ${utcTime(made.expiresAt)} UTC: /link ${made.code}`);
    });
}
