import type { ChannelBus, DeadLetter, Message, OutgoingMessage, Subscription } from '@nexus/channels';
import { Outcome, type ProcessedRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { FailureLog, attributes, startMessageSpan, type ChannelMeter, type Logger, type Span, type Tracer } from '@nexus/runtime';
import type { Admission } from './handlers/admission.js';
import type { AdvanceRunsHandler } from './handlers/advance-runs.handler.js';
import type { Cancel, TracedIncoming } from './handlers/candidate.js';
import { acceptedOf } from './handlers/live-run.js';
import { isOfOtherSurface } from './handlers/own-surface.js';
import { refuse } from './handlers/refusal.js';
import { cancelled } from './handlers/run-input.js';
import type { RunMetrics } from './handlers/run-metrics.js';
import type { SeenEntries } from './handlers/seen-entries.js';
import type { StartOutcome, StartRunsHandler } from './handlers/start-runs.handler.js';
import type { LeaseStore } from './storage/lease.store.js';
import type { RunStore } from './storage/run.store.js';

export interface IncomingReaderParts {
  readonly bus: ChannelBus;
  readonly leases: LeaseStore;
  readonly start: Pick<StartRunsHandler, 'handle' | 'publisherOf'>;
  readonly admission: Admission;
  readonly advance: AdvanceRunsHandler;
  readonly runs: Pick<RunStore, 'load'>;
  readonly seen: SeenEntries;
  readonly tracer: Tracer;
  readonly meter: ChannelMeter;
  readonly metrics: Pick<RunMetrics, 'refused'>;
  readonly logger: Logger;
  readonly replica: string;
  readonly partition: number;
  readonly leaseMs: number;
  readonly onDeadLetter: (letter: DeadLetter<'requests.incoming'>) => Promise<void>;
}

/** What a reader took that had lost its lease is taken back after this long. */
const CLAIM_IDLE_MS = 10_000;
const STOP_WITHIN_MS = 2_000;
/** A replica that waits for the lease looks for it at least this often: nobody accepts messages until one has it. */
const LOOK_FOR_LEASE_MS = 1_000;

/**
 * Reads one partition of requests.incoming while it holds the partition's lease: only so are messages accepted in the order of their
 * stream. The consumer's name is the partition's, so that a successor first gets what its predecessor left. A lease that is lost is
 * noticed at the latest by the next acceptance, which the database refuses.
 */
export class IncomingReader {
  private held: { readonly epoch: number; readonly subscription: Subscription; renewedAt: number } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private turn: Promise<unknown> = Promise.resolve();
  private isStopped = false;
  private readonly failures: FailureLog;

  constructor(private readonly parts: IncomingReaderParts) {
    this.failures = new FailureLog(parts.logger);
    parts.meter.watch('requests.incoming');
  }

  get isReading(): boolean {
    return this.held !== undefined;
  }

  /** Resolves after the first try to get the lease. */
  start(): Promise<void> {
    return this.tend();
  }

  /** Finishes what is under way and gives the lease up, so that another replica reads at once. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
    const { held } = this;
    await this.letGo();
    if (held !== undefined) await this.parts.leases.renew(this.parts.partition, held.epoch, 0).catch(() => undefined); // then it runs out
  }

  private async tend(): Promise<void> {
    this.underWay = this.takeOrRenew().catch(async (error: unknown) => {
      this.parts.logger.warn({ error }, 'the lease on requests.incoming could not be renewed');
      if (this.held !== undefined && performance.now() - this.held.renewedAt > this.parts.leaseMs) await this.letGo(); // another replica may have it by now
    });
    await this.underWay;
    const waitMs = this.held === undefined ? Math.min(this.parts.leaseMs / 3, LOOK_FOR_LEASE_MS) : this.parts.leaseMs / 3;
    if (!this.isStopped) this.timer = setTimeout(() => void this.tend(), waitMs).unref();
  }

  private async takeOrRenew(): Promise<void> {
    const { leases, partition, replica, leaseMs } = this.parts;
    if (this.held !== undefined) {
      const askedAt = performance.now();
      if (await leases.renew(partition, this.held.epoch, leaseMs)) return void (this.held.renewedAt = askedAt);
      this.parts.logger.warn({ channel: 'requests.incoming' }, 'another replica took over requests.incoming');
      return this.letGo();
    }
    const askedAt = performance.now();
    const epoch = await leases.take(partition, replica, leaseMs);
    if (epoch !== undefined && !this.isStopped) this.read(epoch, askedAt);
  }

  private read(epoch: number, renewedAt: number): void {
    const { bus, partition } = this.parts;
    const subscription = bus.consumeBatches(
      {
        channel: 'requests.incoming', group: 'orchestrator', consumer: `partition-${partition}`, partition, claimIdleMs: CLAIM_IDLE_MS, ordered: true,
        onDeadLetter: (letter) => this.setAside(letter),
        onHeldUp: (error) => this.failures.report('requests.incoming', error),
      },
      // also what is claimed back meanwhile waits for its turn
      (batch) => (this.turn = this.turn.catch(() => undefined).then(() => this.handle(batch, epoch))) as Promise<readonly OutgoingMessage[]>,
    );
    this.held = { epoch, subscription, renewedAt };
  }

  private async letGo(): Promise<void> {
    const { held } = this;
    this.held = undefined;
    await held?.subscription.stop(STOP_WITHIN_MS);
  }

  private async handle(batch: readonly Message<'requests.incoming'>[], epoch: number): Promise<readonly OutgoingMessage[]> {
    const ended = this.parts.meter.begin('requests.incoming', batch);
    const spans = batch.map((message) => this.spanOf(message, batch.length));
    const traced = batch.map((message, index) => ({ message, trace: (spans[index] as Span).trace, isAgain: this.parts.seen.isAgain(message) }));
    try {
      const outcome = await this.accept(traced, epoch);
      if (outcome === undefined) {
        if (this.held?.epoch === epoch) void this.letGo();
        throw new AppError('lease_lost', 'Another replica reads requests.incoming.', { status: 409, isRetryable: true });
      }
      const messages = [...outcome.messages, ...(await this.cancel(outcome.cancels))];
      this.countRefusals(messages);
      ended('handled');
      return messages;
    } catch (error) {
      for (const span of spans) span.recordError(error);
      if (!this.isStopped) this.failures.report('requests.incoming', error);
      if (!this.isStopped) ended('failed');
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  }

  /** Undefined when the lease is lost. What is refused for overload is not stored, so nothing else would notice that. */
  private async accept(traced: readonly TracedIncoming[], epoch: number): Promise<StartOutcome | undefined> {
    const { admission, leases, partition, leaseMs, start } = this.parts;
    const overload = await admission.refusal();
    if (overload !== undefined && !(await leases.renew(partition, epoch, leaseMs))) return undefined;
    return start.handle(traced, { partition, epoch }, overload);
  }

  private async cancel(cancels: readonly Cancel[]): Promise<readonly OutgoingMessage[]> {
    if (cancels.length === 0) return [];
    const wanted = cancels.map(({ publisher, runId }) => ({ tenantId: publisher.tenantId, runId }));
    const found = await this.parts.runs.load(wanted, 0);
    const isFound = cancels.map(({ publisher, message }, index) => {
      const [run] = found[index] ?? [];
      return run !== undefined && !isOfOtherSurface(publisher, message.payload.surface, acceptedOf(run.events.map(({ event }) => event)).request?.surface ?? '');
    });
    const missing = cancels.filter((_, index) => !isFound[index]);
    const ended = await this.parts.advance.handle(cancels.flatMap((cancel, index) => (isFound[index] ? [cancelled(wanted[index] as (typeof wanted)[number], cancel, false)] : [])));
    return [...ended, ...missing.map((cancel) => refuse(cancel, cancel.publisher, new AppError('invalid_request', 'There is no run of the message to be cancelled.', { status: 404, param: 'cancels_message_id' })))];
  }

  /** The letter is its publisher's, who is told; what the message itself says of its tenant counts for nothing. */
  private async setAside(letter: DeadLetter<'requests.incoming'>): Promise<readonly OutgoingMessage[]> {
    const { message, reasonCode, reason } = letter;
    const publisher = message && (await this.parts.start.publisherOf(message));
    await this.parts.onDeadLetter({ ...letter, message: message && { ...message, tenantId: publisher?.tenantId ?? '' } });
    this.parts.meter.deadLetter('requests.incoming', reasonCode);
    if (message === undefined) return [];
    const span = this.spanOf(message);
    span.end();
    return [refuse({ message, trace: span.trace, isAgain: false }, publisher, new AppError(reasonCode, reason))];
  }

  private countRefusals(messages: readonly OutgoingMessage[]): void {
    for (const { channel, payload } of messages) {
      const answer = channel === 'requests.processed' ? (payload as ProcessedRequest) : undefined;
      if (answer?.outcome === Outcome.REFUSED) this.parts.metrics.refused(answer.error?.code ?? 'internal');
    }
  }

  /** What the message says of its tenant is not proven yet, and so stays out. */
  private spanOf(message: Message<'requests.incoming'>, together = 1): Span {
    return startMessageSpan(this.parts.tracer, { ...message, tenantId: '' }, { group: 'orchestrator', together, attributes: { [attributes.agentName]: message.payload.agent || 'default' } });
  }
}
