import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { requireThread, withAgentOptions, type AgentOptions } from './agent-options.js';

interface AskOptions extends AgentOptions {
  readonly json?: boolean;
}

/** `nexus ask`: one question, its answer as it comes. */
export function addAsk(parent: Command, context: CliContext): void {
  withAgentOptions(parent.command('ask'))
    .description('Ask an agent one question and show its answer as it comes, with the tools it calls and what it costs.')
    .argument('<question...>', 'the question; quotes are not needed')
    .option('--json', 'print the whole answer as JSON instead')
    .addHelpText('after', `
The answer goes to standard output, everything about it to standard error.

Examples:
  nexus ask "What is 17.5% of 1,280, and what time is it in Tokyo?"
  nexus ask --model openai/gpt-5.4-mini "Name three rivers"
  nexus ask --thread 0192... "And the longest of them?"`)
    .action(async (words: string[], options: AskOptions) => {
      const { askAgent } = await import('../ask-agent.js');
      const gateway = await context.gateway(options);
      await requireThread(gateway, options);
      await askAgent({ gateway, terminal: context.terminal, isJson: options.json === true }, { ...options, question: words.join(' ') });
    });
}
