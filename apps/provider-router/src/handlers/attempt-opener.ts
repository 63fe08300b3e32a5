import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AttemptSchema, OpenedAttempt } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { GroupCommit } from '@nexus/postgres';
import { asService, type ServiceClients } from '@nexus/runtime';

type NewAttempt = MessageInitShape<typeof AttemptSchema>;

/** Asks usage for leave to call: attempts that come in one turn of the event loop, or while two questions are under way, go together. */
export class AttemptOpener {
  private readonly questions = new GroupCommit<NewAttempt, OpenedAttempt | undefined>({
    commit: (attempts) => this.ask(attempts),
    keysOf: ({ attemptId = '' }) => [attemptId],
  });

  constructor(private readonly clients: ServiceClients) {}

  /** Only an answer OPENED allows the call. Rejects with a retryable AppError when usage cannot be asked. */
  async open(attempt: NewAttempt): Promise<OpenedAttempt> {
    const opened = await this.questions.submit(attempt);
    if (opened === undefined) throw new AppError('usage_unavailable', 'The ledger gave no answer for this call.', { status: 503, isRetryable: true });
    return opened;
  }

  private async ask(attempts: readonly NewAttempt[]): Promise<readonly OpenedAttempt[]> {
    try {
      return (await this.clients.usage.openAttempts({ attempts: [...attempts] }, asService())).attempts;
    } catch (cause) {
      // retryable, so that nobody asks again attempt by attempt: each caller decides for itself
      throw new AppError('usage_unavailable', 'The ledger cannot be reached, so no model may be called.', { status: 503, isRetryable: true, cause });
    }
  }
}
