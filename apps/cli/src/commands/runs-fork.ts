import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { numberBetween } from './option-values.js';
import { requireRun } from './require-run.js';

const MOST_STEPS = 100;

interface RunsForkOptions {
  readonly step: number;
  readonly agent?: string;
  readonly model?: string;
  readonly text?: string;
  readonly messageId?: string;
  readonly wait: boolean;
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus runs fork`: goes on from a step of a run in a new thread. */
export function addRunsFork(parent: Command, context: CliContext): void {
  withUrl(parent.command('fork'))
    .description('Go on from a step of a run, in a new thread. Nothing of before is called or charged again.')
    .argument('<id>', 'id of a run, of the message that began it, or a correlation id')
    .requiredOption('--step <n>', 'go on after this step and its tool results; 0 is the question alone', numberBetween(0, MOST_STEPS))
    .option('--agent <name>', "instead of the run's own agent, as it was then")
    .option('--model <model>', "instead of the agent's own model, e.g. openai/gpt-5.4-mini")
    .option('--text <text>', 'say this after that step; needed where the step was the answer')
    .option('--message-id <id>', 'the same id again is the same fork')
    .option('--no-wait', 'print the id of the new run as soon as it is stored')
    .option('--json', 'print the answer (with --no-wait the new run) as JSON instead')
    .addHelpText('after', `
The answer goes to standard output, everything about it to standard error.

Examples:
  nexus runs fork 0192d8a0-... --step 1 --model openai/gpt-5.4-mini
  nexus runs fork my-message-1 --step 0
  nexus runs fork my-message-1 --step 2 --text "And in Oslo?"`)
    .action(async (id: string, options: RunsForkOptions) => {
      const gateway = await context.gateway(options);
      const { run } = await requireRun(context, gateway, id, options.url);
      const { forkRun } = await import('../fork-run.js');
      const { step, agent = '', model = '', text = '', messageId = '' } = options;
      await forkRun({ gateway, terminal: context.terminal, isJson: options.json === true, isWaiting: options.wait }, { runId: run?.id ?? id, step, agent, model, text, messageId });
    });
}
