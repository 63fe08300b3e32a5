import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus people release`: a group without an owner, which is served no longer until somebody claims it. */
export function addPeopleRelease(parent: Command, context: CliContext): void {
  withUrl(parent.command('release'))
    .description('Take a group from its owner: it is served again once somebody who is linked sends /claim there. Needs an admin key.')
    .argument('<surface>', 'e.g. telegram')
    .argument('<chat>', "the surface's own id of the group, as `nexus people chats` shows it; after -- when it begins with a dash")
    .addHelpText('after', '\nExample:\n  nexus people release telegram -- -1001234567890')
    .action(async (surface: string, chatId: string, options: { readonly url?: string }) => {
      await (await context.gateway(options)).people.releaseChat({ surface, chatId });
      context.terminal.line(`Released: ${surface} ${chatId}`);
    });
}
