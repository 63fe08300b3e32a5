import { Option, type Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { severalOf } from './option-values.js';

interface KeysCreateOptions {
  readonly kind?: 'api' | 'surface';
  readonly surface: readonly string[];
  readonly client?: string;
  readonly project?: string;
  readonly admin?: boolean;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus keys create`: a new key, its secret shown once. */
export function addKeysCreate(parent: Command, context: CliContext): void {
  withUrl(parent.command('create'))
    .description('Make a key. Its secret is shown now and never again. Needs an admin key.')
    .argument('<name>', 'tells keys apart')
    .addOption(new Option('--kind <kind>', 'api: for programs; surface: for adapters, which only publish messages').choices(['api', 'surface']).default(undefined, 'surface with --surface, else api'))
    .addOption(severalOf('--surface <name>', 'a surface that a surface key may publish for', 'every surface'))
    .option('--client <name>', 'whom its costs belong to')
    .option('--project <name>', 'and to which project')
    .option('--admin', 'may manage keys, tools and configuration')
    .option('--json', 'print JSON instead')
    .addHelpText('after', '\nExamples:\n  nexus keys create "reporting" --client acme\n  nexus keys create "telegram bot" --surface telegram\n  nexus keys create "ops" --admin')
    .action(async (name: string, options: KeysCreateOptions) => {
      const { CreateKeyResponseSchema, KeyKind } = await import('@nexus/contracts');
      const gateway = await context.gateway(options);
      const created = await gateway.settings.createKey({
        name,
        kind: (options.kind ?? (options.surface.length > 0 ? 'surface' : 'api')) === 'surface' ? KeyKind.SURFACE : KeyKind.API,
        surfaces: [...options.surface],
        client: options.client ?? '',
        project: options.project ?? '',
        isAdmin: options.admin === true,
      });
      if (options.json) {
        const { messageJson } = await import('../format/message-json.js');
        return context.terminal.line(messageJson(CreateKeyResponseSchema, created));
      }
      context.terminal.line(created.secret);
      context.terminal.note(`This is the secret of the key "${name}" (id ${created.key?.id ?? '?'}). Keep it now: it cannot be shown again.`);
    });
}
