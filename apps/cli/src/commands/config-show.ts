import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { Failure } from '../exit-code.js';
import { withUrl } from './agent-options.js';

/** `nexus config show`: what the tenant has set. */
export function addConfigShow(parent: Command, context: CliContext): void {
  withUrl(parent.command('show').alias('list'))
    .description('Show what the tenant has set, each value as JSON. With a key: that one and those below it.')
    .argument('[key]', 'such as prices, or agent for agent.default.model and the others below it')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExamples:\n  nexus config show\n  nexus config show identity --json')
    .action(async (key: string | undefined, options: { readonly json?: boolean; readonly url?: string }) => {
      const { settings } = await context.gateway(options);
      const { values } = await settings.getConfig({ prefix: key ?? '' });
      const found = Object.entries(values).filter(([name]) => key === undefined || name === key || name.startsWith(`${key}.`)).sort(([a], [b]) => (a < b ? -1 : 1));
      if (options.json) return context.terminal.line(JSON.stringify(Object.fromEntries(found.map(([name, text]) => [name, JSON.parse(text) as unknown]))));
      context.terminal.lines(found.map(([name, text]) => `${name} = ${text}`));
      if (found.length > 0) return;
      if (key === undefined) return context.terminal.note('nothing is set: everything is as it comes (docs/configuration.md, "What a tenant sets")');
      context.terminal.note(`${key} is not set`);
      throw new Failure();
    });
}
