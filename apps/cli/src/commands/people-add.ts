import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

interface PeopleAddOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus people add`: someone who may be linked to accounts of surfaces. */
export function addPeopleAdd(parent: Command, context: CliContext): void {
  withUrl(parent.command('add'))
    .description('Add a person. Bots serve them once an account of theirs is linked: nexus people code. Needs an admin key.')
    .argument('<name>', 'what budgets and reports call them')
    .option('--json', 'print JSON instead')
    .addHelpText('after', '\nExample:\n  nexus people add "Zoë Müller"')
    .action(async (name: string, options: PeopleAddOptions) => {
      const person = await (await context.gateway(options)).people.addPerson({ name });
      if (options.json) {
        const [{ messageJson }, { PersonSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
        return context.terminal.line(messageJson(PersonSchema, person));
      }
      const { shellWord } = await import('../format/shell-word.js');
      context.terminal.line(`Added: ${person.name} (${person.id})`);
      context.terminal.note(`A code that links an account of theirs: nexus people code ${shellWord(person.name)}`);
    });
}
