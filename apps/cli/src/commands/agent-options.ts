import type { Command } from 'commander';

/** Options of the commands that talk to an agent. */
export interface AgentOptions {
  readonly agent?: string;
  readonly model?: string;
  readonly thread?: string;
  readonly url?: string;
}

export function withAgentOptions(command: Command): Command {
  return withUrl(command
    .option('--agent <name>', 'the agent that answers', 'default')
    .option('--model <model>', "instead of the agent's own model, e.g. openai/gpt-5.4-mini")
    .option('--thread <id>', 'go on with this conversation'));
}

/** For every command that asks the gateway. */
export function withUrl(command: Command): Command {
  return command.option('--url <url>', 'the gateway (default: NEXUS_GATEWAY_URL, else the NEXUS that runs here)');
}
