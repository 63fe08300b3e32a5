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

/** Usage commits two batches at once; a third question would only make smaller ones. */
const MOST_QUESTIONS_UNDER_WAY = 2;

/** Asks usage for leave to call: attempts that come in one turn of the event loop, or while two questions are under way, go together. */
export class AttemptOpener {
  private waiting: Waiting[] = [];
  private underWay = 0;
  private isScheduled = false;

  constructor(private readonly clients: ServiceClients) {}

  /** Only an answer OPENED allows the call. Rejects with a retryable AppError when usage cannot be asked. */
  open(attempt: NewAttempt): Promise<OpenedAttempt> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ attempt, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0 || this.underWay >= MOST_QUESTIONS_UNDER_WAY) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      const batch = this.waiting;
      this.waiting = [];
      void this.ask(batch);
    });
  }

  private async ask(batch: readonly Waiting[]): Promise<void> {
    this.underWay++;
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
    } finally {
      this.underWay--;
      this.schedule();
    }
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError('usage_unavailable', 'The ledger cannot be reached, so no model may be called.', { status: 503, isRetryable: true, cause });
}
