import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AttemptSchema, OpenedAttempt } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { asService, type ServiceClients } from '@nexus/runtime';

type NewAttempt = MessageInitShape<typeof AttemptSchema>;

interface Waiting {
  readonly attempt: NewAttempt;
  readonly resolve: (opened: OpenedAttempt) => void;
  readonly reject: (error: unknown) => void;
}

/** Asks usage for leave to call: the attempts of one turn of the event loop go in one call, and become one commit. */
export class AttemptOpener {
  private waiting: Waiting[] = [];

  constructor(private readonly clients: ServiceClients) {}

  /** Only an answer OPENED allows the call. Rejects with a retryable AppError when usage cannot be asked. */
  open(attempt: NewAttempt): Promise<OpenedAttempt> {
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) setImmediate(() => void this.ask());
      this.waiting.push({ attempt, resolve, reject });
    });
  }

  private async ask(): Promise<void> {
    const batch = this.waiting;
    this.waiting = [];
    try {
      const { attempts } = await this.clients.usage.openAttempts({ attempts: batch.map(({ attempt }) => attempt) }, asService());
      batch.forEach(({ resolve, reject }, i) => {
        const opened = attempts[i];
        if (opened) resolve(opened);
        else reject(new AppError('usage_unavailable', 'The ledger gave no answer for this call.', { status: 503, isRetryable: true }));
      });
    } catch (error) {
      const failure = unavailable(error);
      for (const { reject } of batch) reject(failure);
    }
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError('usage_unavailable', 'The ledger cannot be reached, so no model may be called.', { status: 503, isRetryable: true, cause });
}
