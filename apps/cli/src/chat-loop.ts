import { createInterface } from 'node:readline/promises';
import { AppError } from '@nexus/core';
import { askAgent } from './ask-agent.js';
import type { AgentOptions } from './commands/agent-options.js';
import { Failure } from './exit-code.js';
import type { Gateway } from './gateway-client.js';
import type { Terminal } from './terminal.js';

const PROMPT = '> ';
const COMMANDS = '/new begins anew, /exit ends.';

/** Reads messages line by line until the input ends, and answers each in turn. A message that is not answered does not end the chat. */
export async function chat(gateway: Gateway, terminal: Terminal, { agent, model, thread }: AgentOptions): Promise<void> {
  const input = createInterface({ input: process.stdin, output: terminal.isInteractive ? process.stdout : undefined, prompt: PROMPT });
  let current = thread;
  let answering: AbortController | undefined;
  // In a terminal readline takes Ctrl-C; elsewhere it is a signal that ends the process as usual.
  input.on('SIGINT', () => (answering === undefined ? input.close() : answering.abort()));
  if (terminal.isInteractive) terminal.note(`Talking with the agent "${agent ?? 'default'}" at ${gateway.access.url}. ${COMMANDS}`);
  const showPrompt = (): void => {
    if (terminal.isInteractive) input.prompt();
  };
  showPrompt();
  for await (const line of input) {
    const message = line.trim();
    if (message === '/exit' || message === '/quit') break;
    if (message === '/new') {
      current = undefined;
      terminal.note('A new conversation.');
    } else if (message === '/help') {
      terminal.note(COMMANDS);
    } else if (message !== '') {
      answering = new AbortController();
      const { signal } = answering;
      current = await answerOne(() => askAgent({ gateway, terminal, isJson: false, signal }, { question: message, agent, model, thread: current }), terminal) ?? current;
      answering = undefined;
    }
    showPrompt();
  }
  input.close();
  if (current !== undefined) terminal.note(`Go on with: npx nexus chat --thread ${current}`);
}

/** The thread of the answer; undefined when there is none. Throws when NEXUS cannot be asked at all. */
async function answerOne(ask: () => Promise<{ readonly threadId: string }>, terminal: Terminal): Promise<string | undefined> {
  try {
    return (await ask()).threadId;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    if (!(error instanceof AppError) || ['not_running', 'unauthenticated', 'invalid_key'].includes(error.code)) throw error;
    terminal.note(error.message);
    return undefined;
  }
}
