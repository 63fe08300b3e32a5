import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { microUsd } from './option-values.js';

/** `nexus attempts resolve`: settles by hand what the provider's invoice says. */
export function addAttemptsResolve(parent: Command, context: CliContext): void {
  withUrl(parent.command('resolve'))
    .description('Settle an UNKNOWN model call by hand, with what it really cost. Needs an admin key.')
    .argument('<id>', 'id of the attempt, as `nexus attempts list` shows it')
    .requiredOption('--cost-usd <amount>', 'what it cost in USD, up to six decimals; 0 when it was never made', microUsd)
    .addHelpText('after', '\nExamples:\n  nexus attempts resolve 0192d8a0-... --cost-usd 0.00123\n  nexus attempts resolve 0192d8a0-... --cost-usd 0')
    .action(async (id: string, options: { readonly costUsd: bigint; readonly url?: string }) => {
      await (await context.gateway(options)).usage.resolveAttempt({ attemptId: id, costMicroUsd: options.costUsd });
      context.terminal.line(`Resolved: ${id}`);
    });
}
