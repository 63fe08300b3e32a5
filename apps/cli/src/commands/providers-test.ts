import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { Failure } from '../exit-code.js';
import { count } from '../format/count.js';
import { formatDuration } from '../format/duration.js';
import { withUrl } from './agent-options.js';

/** `nexus providers test`: whether a provider takes the key that is set. */
export function addProvidersTest(parent: Command, context: CliContext): void {
  withUrl(parent.command('test'))
    .description('Ask a provider for its models with the key that is set: whether it can be reached and takes the key. Free of charge. Needs an admin key.')
    .argument('<name>', 'name of the provider, as `nexus providers list` shows it')
    .addHelpText('after', '\nExample:\n  nexus providers test openai')
    .action(async (provider: string, options: { readonly url?: string }) => {
      const gateway = await context.gateway(options);
      const result = await gateway.providers.testProvider({ provider }, { timeoutMs: 20_000 });
      const took = formatDuration(Number(result.durationMs));
      if (result.ok) return context.terminal.line(`${provider} answers: ${count(result.models.length, 'model')}, ${took}`);
      context.terminal.note(`${provider} does not work: ${result.error?.message ?? 'no reason given'} [${result.error?.code ?? 'internal'}] (${took})`);
      throw new Failure('provider does not work');
    });
}
