import type { MessageInitShape } from '@bufbuild/protobuf';
import type { AttemptRefSchema, ReportOwnerRequest, ReportOwnerResponse, UnknownAttempt } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asService, type Logger, type ServiceClients } from '@nexus/runtime';

type Ref = MessageInitShape<typeof AttemptRefSchema> & { readonly tenantId: string; readonly attemptId: string };
type Findings = Record<'lost' | 'uncalled' | 'unresolvable', Ref[]>;

/** What the ledger asks of an owner when it hears from it. */
export interface OwnerDuties {
  /** Attempts of this life that the ledger holds for open since a while: `say` answers of each what is known of it. */
  readonly onYours: (attempts: ReportOwnerResponse['yours']) => void;
  /** UNKNOWN attempts, of whatever owner, to be looked into. */
  readonly onUnknown: (attempts: readonly UnknownAttempt[]) => void;
}

/** Reports in the life of one lease: two may get lost. */
const REPORTS_A_LEASE = 3;
const ASK_WITHIN_MS = 5_000;
/** That this life ends is worth a short wait only: the lease runs out by itself. */
const END_WITHIN_MS = 500;;

/**
 * This life of this replica as the owner of attempts. Tells the ledger that it lives, for as long as a lease lasts; while it has not
 * been heard, it may not call a provider, because others may hold its attempts for lost.
 */
export class AttemptOwner {
  readonly name: string;
  /** By the clock that also runs while the process is stopped and that nobody sets. */
  private aliveUntil = -Infinity;
  private findings: Findings = { lost: [], uncalled: [], unresolvable: [] };
  private duties: OwnerDuties | undefined;
  private timer: NodeJS.Timeout | undefined;
  private reporting: Promise<void> | undefined;
  private isEnding = false;
  private isSuperseded = false;

  constructor(
    private readonly replica: string,
    private readonly ttlMs: number,
    private readonly clients: ServiceClients,
    private readonly logger: Logger,
  ) {
    this.name = `${replica} ${newId()}`;
  }

  /** False when the ledger has not heard of this owner for so long that it may hold its attempts for lost. */
  get isAlive(): boolean {
    return performance.now() < this.aliveUntil;
  }

  /** Resolves at once when the ledger knows that this owner lives, else when it has been told. Rejects when it cannot be. */
  async introduce(): Promise<void> {
    if (!this.isAlive) await this.report();
  }

  /** Reports from now on, until `stop`. */
  start(duties: OwnerDuties): void {
    this.duties = duties;
    this.beat();
  }

  /** Goes into the next report. */
  say(what: keyof Findings, attempt: Ref): void {
    this.findings[what].push({ tenantId: attempt.tenantId, attemptId: attempt.attemptId });
  }

  /** Says that this life has ended, and what it still knows. When that fails, its lease runs out by itself. */
  async stop(): Promise<void> {
    this.isEnding = true;
    clearTimeout(this.timer);
    await this.reporting?.catch(() => undefined);
    await this.report().catch(() => undefined);
  }

  private beat(): void {
    const next = (): void => {
      if (!this.isEnding) this.timer = setTimeout(() => this.beat(), this.ttlMs / REPORTS_A_LEASE).unref();
    };
    this.report().then(next, next); // that the ledger is away is said by whoever needs it
  }

  /** One report at a time: who asks for another meanwhile waits for that one. */
  private report(): Promise<void> {
    this.reporting ??= this.send().finally(() => (this.reporting = undefined));
    return this.reporting;
  }

  private async send(): Promise<void> {
    const began = performance.now();
    const told = this.findings;
    this.findings = { lost: [], uncalled: [], unresolvable: [] };
    let answer: ReportOwnerResponse;
    try {
      const ttlMs = this.isEnding ? 0 : this.ttlMs;
      const request: Omit<ReportOwnerRequest, '$typeName' | keyof Findings> & Findings = { owner: this.name, replica: this.replica, ttlMs: BigInt(ttlMs), ...told };
      answer = await this.clients.usage.reportOwner(request, asService({ timeoutMs: this.isEnding ? END_WITHIN_MS : ASK_WITHIN_MS }));
    } catch (error) {
      for (const what of ['lost', 'uncalled', 'unresolvable'] as const) this.findings[what].unshift(...told[what]);
      throw error;
    }
    if (this.isEnding) return;
    this.aliveUntil = began + this.ttlMs;
    if (answer.isSuperseded && !this.isSuperseded) this.logger.error({ owner: this.name }, 'another process reports under the name of this replica: give each its own NEXUS_REPLICA');
    this.isSuperseded = answer.isSuperseded;
    this.duties?.onYours(answer.yours);
    this.duties?.onUnknown(answer.unknown);
  }
}
