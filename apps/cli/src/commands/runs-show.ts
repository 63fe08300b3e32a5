import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { withUrl } from './agent-options.js';
import { requireRun } from './require-run.js';

interface RunsShowOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus runs show`: the timeline of a run, or why there is none. */
export function addRunsShow(parent: Command, context: CliContext): void {
  withUrl(parent.command('show'))
    .description('Show what happened to a question, step by step, with what each cost. Why no answer? Give the message id or the correlation id.')
    .argument('<id>', 'id of a run, of the message that began it, or a correlation id')
    .option('--json', 'print JSON instead')
    .addHelpText('after', '\nExamples:\n  nexus runs show 0192d8a0-...\n  nexus runs show my-message-1 --json')
    .action(async (id: string, options: RunsShowOptions) => {
      const found = await requireRun(context, await context.gateway(options), id, options.url);
      if (options.json) {
        const { runJson } = await import('../format/run-json.js');
        return context.terminal.line(runJson(found));
      }
      const { runTimeline } = await import('../format/run-timeline.js');
      context.terminal.lines(runTimeline(found));
    });
}
