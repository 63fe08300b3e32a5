import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@nexus/core';
import type { CliContext } from './cli-context.js';
import { newProvider, type ProviderWish } from './domain/new-provider.js';
import { providerPresets } from './domain/provider-presets.js';
import { checkedSecret, setVariable } from './env-file.js';
import { askLine, readSecret } from './prompt.js';
import { listedProviders, withProvider, type ListedProvider } from './providers-file.js';

export interface AddProviderOptions extends Omit<ProviderWish, 'name'> {
  readonly name: string | undefined;
  /** The key comes on standard input. */
  readonly readsKey: boolean;
}

/** Adds the provider, or, when it is there already, only keeps its key. Nothing is written unless all of it is right. */
export async function addProvider(context: CliContext, options: AddProviderOptions): Promise<void> {
  const { config, terminal } = context;
  const file = join(config.configDir, 'providers.yaml');
  const text = readProviders(file);
  const name = options.name ?? (await askLine(terminal, 'Name of the provider', 'name'));
  const listed = listedProviders(text, file).find((provider) => provider.name === name);
  const isOnlyKey = [options.preset, options.baseUrl, options.keyVariable, options.price].every((option) => option === undefined) && options.models.length === 0;
  if (listed !== undefined) {
    if (!isOnlyKey || !(options.readsKey || terminal.isInteractive)) throw alreadyThere(listed, file);
    await keepKey(context, listed.keyVariables[0]);
    return;
  }
  const wish = await complete({ ...options, name }, context);
  const entry = newProvider(wish);
  const changed = withProvider(text, file, entry);
  const { parseProviders } = await import('@nexus/provider-router/module');
  parseProviders(changed, file);
  if (options.readsKey) await keepKey(context, entry.api_key_env);
  replaceFile(file, changed);
  terminal.line(`${name} is in ${file}. It is used from the next start of NEXUS on; then try it: npx nexus providers test ${name}`);
  if (entry.api_key_env !== undefined && !options.readsKey && context.environment[entry.api_key_env] === undefined) {
    terminal.note(`Its key is read from ${entry.api_key_env}. To keep it in .env: npx nexus providers add ${name} --key-stdin`);
  }
}

/** Asks for what is missing, where there is somebody to ask. */
async function complete(wish: ProviderWish, { terminal }: CliContext): Promise<ProviderWish> {
  const isKnown = wish.preset !== undefined || wish.name in providerPresets;
  if (isKnown || !terminal.isInteractive) return wish;
  const baseUrl = wish.baseUrl ?? (await askLine(terminal, 'Base URL of its OpenAI-compatible API', '--base-url'));
  const keyVariable = wish.keyVariable ?? ((await askLine(terminal, 'Environment variable of its key (empty: it takes none)', '--key-env')) || undefined);
  const price = wish.price ?? (await askLine(terminal, 'Price, input/output in USD per million tokens, or free', '--price'));
  return { ...wish, baseUrl, keyVariable, price };
}

async function keepKey({ config, terminal }: CliContext, variable: string | undefined): Promise<void> {
  if (variable === undefined) throw new AppError('no_key_variable', 'This provider takes no key: leave --key-stdin out.', { status: 400 });
  setVariable(config.envFile, variable, checkedSecret(await readSecret(terminal, variable)));
  terminal.line(`The key is in ${config.envFile} as ${variable}, readable for you only. It is used from the next start of NEXUS on.`);
}

function readProviders(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AppError('config_invalid', `${file} cannot be read. Run this in the folder of NEXUS, or set NEXUS_CONFIG_DIR.`, { cause });
  }
}

function replaceFile(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, file);
}

function alreadyThere({ name, keyVariables }: ListedProvider, file: string): AppError {
  const how = keyVariables.length === 0 ? 'It takes no key.' : `To give it its key: npx nexus providers add ${name} --key-stdin`;
  return new AppError('provider_exists', `There is a provider "${name}" in ${file} already; change it there. ${how}`, { status: 409, param: 'name' });
}
