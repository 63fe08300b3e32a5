import type { Command } from 'commander';
import type { Gateway } from '../gateway-client.js';

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

/** Throws AppError `thread_not_found` for a thread to go on with that there is not: a question would begin one under this id. */
export async function requireThread({ threads }: Pick<Gateway, 'threads'>, { thread }: AgentOptions): Promise<void> {
  if (thread !== undefined) await threads.getThread({ id: thread });
}

/** For every command that asks the gateway. */
export function withUrl(command: Command): Command {
  return command.option('--url <url>', 'the gateway (default: NEXUS_GATEWAY_URL, else the NEXUS that runs here)');
}
