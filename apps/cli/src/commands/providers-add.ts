import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { severalOf } from './option-values.js';

interface ProvidersAddOptions {
  readonly preset?: string;
  readonly baseUrl?: string;
  readonly keyEnv?: string;
  readonly model: readonly string[];
  readonly price?: string;
  readonly keyStdin?: boolean;
}

/** `nexus providers add`: a provider in config/providers.yaml, its key in .env. */
export function addProvidersAdd(parent: Command, context: CliContext): void {
  parent.command('add')
    .description('Add a provider to providers.yaml, or give one that is there its key. Asks for what is missing, in a terminal. The key itself only ever goes into .env.')
    .argument('[name]', 'what stands in front of the slash: acme/some-model')
    .option('--preset <name>', 'a provider known by name: openai, groq, together, lmstudio ... (default: the one named like the provider)')
    .option('--base-url <url>', 'where its OpenAI-compatible API is')
    .option('--key-env <name>', 'the environment variable that holds its key')
    .addOption(severalOf('--model <id>', 'a model, or a pattern such as llama*', '*'))
    .option('--price <input/output>', 'USD per million tokens, e.g. 0.25/1.5; or free')
    .option('--key-stdin', 'read the key from standard input and keep it in .env, readable for you only')
    .addHelpText('after', `
Examples:
  nexus providers add openai --key-stdin < key.txt
  nexus providers add acme --base-url https://api.acme.example/v1 --key-env ACME_API_KEY --price 0.25/1.5
  nexus providers add lmstudio`)
    .action(async (name: string | undefined, options: ProvidersAddOptions) => {
      const { addProvider } = await import('../add-provider.js');
      await addProvider(context, { name, preset: options.preset, baseUrl: options.baseUrl, keyVariable: options.keyEnv, models: options.model, price: options.price, readsKey: options.keyStdin === true });
    });
}
