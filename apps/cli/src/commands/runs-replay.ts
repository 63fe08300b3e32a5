import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { requireRun } from './require-run.js';

interface RunsReplayOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus runs replay`: decides about a stored run again, and shows whether it comes out the same. */
export function addRunsReplay(parent: Command, context: CliContext): void {
  withUrl(parent.command('replay'))
    .description('Decide again about everything that happened to a run, and hold each state against what was stored. Changes nothing, calls nothing.')
    .argument('<id>', 'id of a run, of the message that began it, or a correlation id')
    .option('--json', 'print JSON instead')
    .addHelpText('after', `
OPEN: places, among the step's tool calls, of those without a result. STORED and NOW: fingerprints of the state.
Exit code 1 when anything differs.

Examples:
  nexus runs replay 0192d8a0-...
  nexus runs replay my-message-1 --json`)
    .action(async (id: string, options: RunsReplayOptions) => {
      const gateway = await context.gateway(options);
      const { run } = await requireRun(context, gateway, id, options.url);
      const { replayRun } = await import('../replay-run.js');
      await replayRun(gateway, context.terminal, run?.id ?? id, options.json === true);
    });
}
