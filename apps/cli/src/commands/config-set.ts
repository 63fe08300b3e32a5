import { isTenantConfigKey, tenantConfigKeys } from '@nexus/contracts';
import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';

/** `nexus config set` and `nexus config unset`: every service goes by it within moments. */
export function addConfigSet(parent: Command, context: CliContext): void {
  withUrl(parent.command('set'))
    .description('Set a key of the tenant, from now on, for every service. What the key may hold is checked. Needs an admin key; it is noted in the audit trail.')
    .argument('<key>', 'such as identity.surfaces')
    .argument('<value>', 'JSON; a text that is no JSON is taken as it is')
    .addHelpText('after', "\nExamples:\n  nexus config set identity.surfaces '[\"telegram\"]'\n  nexus config set agent.default.model balanced\n\nThe way back: nexus config unset <key>")
    .action(async (key: string, value: string, options: { readonly url?: string }) => {
      const { settings } = await context.gateway(options);
      const { values } = await settings.updateConfig({ values: { [key]: jsonOf(value) } });
      context.terminal.line(`${key} = ${values[key] ?? ''}`);
      if (!isTenantConfigKey(key)) context.terminal.note(`It is stored, but NEXUS itself goes by nothing of that name. It goes by agent.NAME.model, ${tenantConfigKeys.join(', ')}.`);
    });
  withUrl(parent.command('unset'))
    .description('Remove a key of the tenant: from now on it is as it comes. Needs an admin key.')
    .argument('<key>', 'as `nexus config show` shows it')
    .addHelpText('after', '\nExample:\n  nexus config unset identity.surfaces')
    .action(async (key: string, options: { readonly url?: string }) => {
      await (await context.gateway(options)).settings.updateConfig({ values: { [key]: '' } });
      context.terminal.line(`${key} is not set any more`);
    });
}

/** The text where it is JSON, else the JSON of the text. */
function jsonOf(text: string): string {
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}
