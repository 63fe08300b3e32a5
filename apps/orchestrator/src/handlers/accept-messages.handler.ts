import type { OutgoingMessage } from '@nexus/channels';
import type { AppError } from '@nexus/core';
import type { Cancel, TracedIncoming } from './candidate.js';
import type { CommandsHandler, TracedCommand } from './commands.handler.js';
import type { StartOutcome, StartRunsHandler } from './start-runs.handler.js';

/**
 * Takes messages and commands as they stand in the stream: what comes before a command is stored before it, what comes after it finds what it changed.
 * A batch without a command, as most are, stays one commit. A crash in between harms nothing: what was stored is found when it comes again.
 */
export class AcceptMessagesHandler {
  constructor(
    private readonly start: Pick<StartRunsHandler, 'handle' | 'publisherOf'>,
    private readonly commands: Pick<CommandsHandler, 'handle'>,
  ) {}

  /** Undefined when the lease is no longer held: what is not stored yet is someone else's. Commands begin no run, so `overload` does not concern them. */
  async handle(batch: readonly TracedIncoming[], lease: { readonly partition: number; readonly epoch: number }, overload?: AppError): Promise<StartOutcome | undefined> {
    const messages: OutgoingMessage[] = [];
    const cancels: Cancel[] = [];
    let from = 0;
    for (let place = 0; place <= batch.length; place++) {
      const command = commandIn(batch[place]);
      if (command === undefined && place < batch.length) continue;
      const before = from === 0 && place === batch.length ? batch : batch.slice(from, place);
      from = place + 1;
      const begun = before.length === 0 ? noMessages : await this.start.handle(before, lease, overload);
      const answered = begun === undefined || command === undefined ? [] : await this.commands.handle(command, lease);
      if (begun === undefined || answered === undefined) return undefined;
      messages.push(...begun.messages, ...answered);
      cancels.push(...begun.cancels);
    }
    return { messages, cancels };
  }

  publisherOf(message: TracedIncoming['message']): ReturnType<StartRunsHandler['publisherOf']> {
    return this.start.publisherOf(message);
  }
}

const noMessages: StartOutcome = { messages: [], cancels: [] };

function commandIn(traced: TracedIncoming | undefined): TracedCommand | undefined {
  const payload = traced?.message.payload;
  return traced === undefined || payload?.command === undefined || payload.cancelsMessageId !== '' ? undefined : { ...traced, command: payload.command };
}
