import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { requireThread, withAgentOptions, type AgentOptions } from './agent-options.js';

/** `nexus chat`: a conversation in the terminal. */
export function addChat(parent: Command, context: CliContext): void {
  withAgentOptions(parent.command('chat'))
    .description('Talk with an agent. A line is a message; /new begins another conversation, /exit or Ctrl-D ends.')
    .addHelpText('after', `
Ctrl-C gives up the answer under way; at the prompt it ends the chat.

Examples:
  nexus chat
  nexus chat --thread 0192...          go on with an earlier conversation
  nexus chat --model openai/gpt-5.4-mini`)
    .action(async (options: AgentOptions) => {
      const { chat } = await import('../chat-loop.js');
      const gateway = await context.gateway(options);
      await requireThread(gateway, options);
      await chat(gateway, context.terminal, options);
    });
}
