import type { MessageInitShape } from '@bufbuild/protobuf';
import { OpenedAttempt_State, type AttemptSchema, type OpenedAttempt } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { asService, type ServiceClients } from '@nexus/runtime';
import type { AttemptOwner } from './attempt-owner.js';

type NewAttempt = Omit<MessageInitShape<typeof AttemptSchema>, '$typeName' | 'owner'> & { readonly attemptId: string };

interface Waiting {
  readonly attempt: NewAttempt;
  readonly resolve: (opened: OpenedAttempt) => void;
  readonly reject: (error: unknown) => void;
}

/** A second question at once would only make both smaller: what waits goes with the next, and a question costs more than an attempt. */
const MOST_QUESTIONS_UNDER_WAY = 1;
const MOST_REMEMBERED = 10_000;
/** What a connection of ours that is closed while it asks ends with. */
const CANCELLED = 499;

/** Asks usage for leave to call: attempts that come in one turn of the event loop, or while a question is under way, go together. */
export class AttemptOpener {
  private waiting: Waiting[] = [];
  private underWay = 0;
  private isScheduled = false;
  /** What this life of this replica knows of its latest attempts. */
  private readonly known = new Map<string, 'allowed' | 'unanswered'>();

  constructor(
    private readonly clients: ServiceClients,
    private readonly owner: AttemptOwner,
  ) {}

  /**
   * Only an answer OPENED allows the call. Rejects with a retryable AppError `usage_unavailable` when usage cannot be asked, and with
   * the ledger's own error when it will not take this attempt.
   */
  open(attempt: NewAttempt): Promise<OpenedAttempt> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ attempt, resolve, reject });
      this.schedule();
    });
  }

  /** True when a question for this attempt got no answer and no later one allowed the call: if it is open, nobody has called. */
  isUncalled(attemptId: string): boolean {
    return this.known.get(attemptId) === 'unanswered';
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0 || this.underWay >= MOST_QUESTIONS_UNDER_WAY) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      const batch = this.waiting;
      this.waiting = [];
      void this.send(batch);
    });
  }

  private async send(batch: readonly Waiting[]): Promise<void> {
    this.underWay++;
    await this.ask(batch);
    this.underWay--;
    this.schedule();
  }

  /** Never rejects. A question that is refused as a whole is asked attempt by attempt, so that the one that is wrong fails alone. */
  private async ask(batch: readonly Waiting[]): Promise<void> {
    try {
      if (!this.owner.isAlive) await this.owner.introduce(); // nobody can own an attempt whom the ledger does not know to live
      const { attempts } = await this.clients.usage.openAttempts({ attempts: batch.map(({ attempt }) => ({ ...attempt, owner: this.owner.name })) }, asService());
      batch.forEach((waiting, i) => this.answer(waiting, attempts[i]));
    } catch (error) {
      const refusal = AppError.from(error);
      if (refusal.isRetryable || refusal.status === CANCELLED) for (const waiting of batch) this.answer(waiting, undefined, error);
      else if (batch.length > 1) for (const waiting of batch) await this.ask([waiting]);
      else batch[0]?.reject(refusal.status === 400 ? refusal : new AppError('ledger_failed', 'The ledger cannot take this call, so no model may be called.', { status: 502, cause: error }));
    }
  }

  private answer({ attempt, resolve, reject }: Waiting, opened: OpenedAttempt | undefined, cause?: unknown): void {
    if (opened) resolve(opened);
    else reject(new AppError('usage_unavailable', 'The ledger does not answer, so no model may be called.', { status: 503, isRetryable: true, cause }));
    const isAllowed = opened?.state === OpenedAttempt_State.OPENED || this.known.get(attempt.attemptId) === 'allowed';
    if (isAllowed || !opened) this.remember(attempt.attemptId, isAllowed ? 'allowed' : 'unanswered');
  }

  private remember(attemptId: string, what: 'allowed' | 'unanswered'): void {
    this.known.set(attemptId, what);
    if (this.known.size <= MOST_REMEMBERED) return;
    const [oldest] = this.known.keys();
    if (oldest !== undefined) this.known.delete(oldest);
  }
}
