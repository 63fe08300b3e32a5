import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface PeopleListOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus people list`: whom the bots know, and by which accounts. */
export function addPeopleList(parent: Command, context: CliContext): void {
  withUrl(parent.command('list'))
    .description('List the people whom the bots serve, with their accounts.')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExamples:\n  nexus people list\n  nexus people list --json')
    .action(async (options: PeopleListOptions) => {
      const list = await (await context.gateway(options)).people.listPeople({});
      if (options.json) {
        const [{ messageJson }, { ListPeopleResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(ListPeopleResponseSchema, list));
      }
      const { personTable } = await import('../format/person-table.js');
      context.terminal.lines(personTable(list.people));
    });
}
