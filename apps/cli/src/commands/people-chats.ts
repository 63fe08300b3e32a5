import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface PeopleChatsOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus people chats`: groups and who answers for them. */
export function addPeopleChats(parent: Command, context: CliContext): void {
  withUrl(parent.command('chats'))
    .description('List the groups that have an owner.')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExamples:\n  nexus people chats\n  nexus people chats --json')
    .action(async (options: PeopleChatsOptions) => {
      const list = await (await context.gateway(options)).people.listOwnedChats({});
      if (options.json) {
        const [{ messageJson }, { ListOwnedChatsResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(ListOwnedChatsResponseSchema, list));
      }
      const { chatTable } = await import('../format/person-table.js');
      context.terminal.lines(chatTable(list.chats));
    });
}
