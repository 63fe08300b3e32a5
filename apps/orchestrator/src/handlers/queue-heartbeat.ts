import { create } from '@bufbuild/protobuf';
import { Outcome, ProcessedRequestSchema, TaskState, toWireError, type ProcessedRequest } from '@nexus/contracts';
import { AppError, type Clock } from '@nexus/core';
import type { AgentCalls, Logger } from '@nexus/runtime';
import type { BegunTask, QueuedTaskStore, TaskEnd } from '../storage/queued-task.store.js';
import type { HeldLease } from './held-lease.js';

export interface QueueHeartbeatParts {
  readonly store: Pick<QueuedTaskStore, 'begin' | 'finish'>;
  readonly calls: Pick<AgentCalls, 'ask'>;
  readonly lease: Pick<HeldLease, 'hold' | 'giveUp'>;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  readonly everyMs: number;
  /** Most tasks of a tenant under way at once. */
  readonly batch: number;
}

/** What nothing came of is asked for again after this long, unless it was said when. */
const ASK_AGAIN_MS = 2_000;

/**
 * Starts queued tasks as ordinary runs, one replica at a time. A task's id is its message's id, so that a task which is asked for twice,
 * because a replica died with it, runs once and brings the same answer.
 */
export class QueueHeartbeat {
  private readonly asked = new Map<string, AbortController>();
  /** When a task is asked for again, by the clock. */
  private readonly notBefore = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(private readonly parts: QueueHeartbeatParts) {}

  start(): void {
    this.timer = setTimeout(() => {
      this.underWay = this.beat()
        .catch((error: unknown) => this.parts.logger.warn({ error }, 'the queue of tasks could not be looked at'))
        .then(() => {
          if (!this.isStopped) this.start();
        });
    }, this.parts.everyMs).unref();
  }

  /** Starts what may start, and stops what somebody cancelled. Nothing while another replica does it. */
  async beat(): Promise<void> {
    const { store, lease, clock, batch } = this.parts;
    if (!(await lease.hold())) return;
    const now = clock.now();
    const begun = await store.begin(batch, now);
    const ids = new Set(begun.map(({ id }) => id));
    for (const id of this.notBefore.keys()) if (!ids.has(id)) this.notBefore.delete(id);
    for (const task of begun) {
      const call = this.asked.get(task.id);
      if (call === undefined && (this.notBefore.get(task.id) ?? 0) <= now) this.ask(task);
      else if (task.isCancelling) call?.abort();
    }
  }

  /** Another replica goes on. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
    await this.parts.lease.giveUp();
  }

  private ask(task: BegunTask): void {
    const abort = new AbortController();
    this.asked.set(task.id, abort);
    const { tenantId, keyId, client, project, id, request } = task;
    const { answer } = this.parts.calls.ask(request, { publisher: { tenantId, keyId, client, project }, messageId: id, isRepeatable: true, signal: abort.signal });
    // one that was cancelled while nobody ran it is asked for first, as its run may have begun
    if (task.isCancelling) abort.abort();
    answer
      .then((given) => this.answered(task, given), (error: unknown) => this.failed(task, abort.signal.aborted, AppError.from(error)))
      .catch((error: unknown) => this.parts.logger.warn({ error, task: id }, 'the end of a task could not be stored; it is asked for again'))
      .finally(() => this.asked.delete(id));
  }

  /** What never began for want of room waits for it. */
  private async answered(task: BegunTask, answer: ProcessedRequest): Promise<void> {
    if (answer.outcome === Outcome.REFUSED && answer.error?.code === 'overloaded') this.again(task, Number(answer.error.retryAfterMs));
    else await this.finish(task, endOf(answer.outcome), answer);
  }

  /** Without an answer only a cancelled task is over: of any other nobody knows. */
  private async failed(task: BegunTask, isCancelled: boolean, error: AppError): Promise<void> {
    if (!isCancelled) this.again(task, error.retryAfterMs ?? 0);
    else await this.finish(task, TaskState.CANCELLED, create(ProcessedRequestSchema, { messageId: task.id, outcome: Outcome.CANCELLED, error: toWireError(error) }));
  }

  private again({ id }: BegunTask, afterMs: number): void {
    this.notBefore.set(id, this.parts.clock.now() + Math.max(afterMs, ASK_AGAIN_MS));
  }

  private finish(task: BegunTask, state: TaskEnd, answer: ProcessedRequest): Promise<void> {
    return this.parts.store.finish(task.tenantId, task.id, state, answer, this.parts.clock.now());
  }
}

function endOf(outcome: Outcome): TaskEnd {
  if (outcome === Outcome.ANSWERED) return TaskState.DONE;
  return outcome === Outcome.CANCELLED ? TaskState.CANCELLED : TaskState.FAILED;
}
