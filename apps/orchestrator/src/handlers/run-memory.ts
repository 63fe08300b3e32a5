import type { Clock } from '@nexus/core';
import type { Turn } from '../domain/conversation.js';
import { ByteLru } from './byte-lru.js';
import { runKey, turnsAfter, type LiveRun } from './live-run.js';

/** What turns a thread holds through one of its places. */
interface KeptTurns {
  readonly through: number;
  readonly turns: readonly Turn[];
  /** The run at `through`, until its answer is known to be published. */
  readonly unanswered: LiveRun | undefined;
  readonly bytes: number;
}

export interface RunMemoryOptions {
  readonly runBytes: number;
  readonly threadBytes: number;
  /** Turns of a thread that are kept, at most. */
  readonly mostTurns: number;
  readonly clock: Clock;
  /** Called when the time of a run that is kept here is over. */
  readonly onDeadline: (run: { readonly tenantId: string; readonly runId: string }) => void;
}

/** Heap for each stored byte, measured with turns of 1,000 bytes: a run's events as objects, and what a turn keeps of them. */
const HEAP_OF_EVENTS = 5;
const HEAP_OF_TURNS = 2.5;

/** setTimeout takes no more; a run that may take longer is ended by the sweep. */
const LONGEST_TIMER_MS = 2_147_483_647;

/** What this process remembers, bounded in bytes: live runs, with a timer for each deadline, and the turns of threads. Never the truth. */
export class RunMemory {
  private readonly runs: ByteLru<{ readonly live: LiveRun; readonly bytes: number }>;
  private readonly threads: ByteLru<KeptTurns>;
  private readonly timers = new Map<string, NodeJS.Timeout>();

  constructor(private readonly options: RunMemoryOptions) {
    this.runs = new ByteLru(options.runBytes, (key) => this.clearTimer(key));
    this.threads = new ByteLru(options.threadBytes);
  }

  get mostTurns(): number {
    return this.options.mostTurns;
  }

  run(run: { readonly tenantId: string; readonly runId: string }): LiveRun | undefined {
    return this.runs.get(runKey(run))?.live;
  }

  /** Keeps a run; of one that is over only what its thread's next run needs. */
  keep(live: LiveRun): void {
    const { tenantId, state } = live;
    const key = runKey({ tenantId, runId: state.runId });
    if (state.phase !== 'over') {
      this.runs.set(key, { live: live.before === undefined ? live : { ...live, before: undefined }, bytes: HEAP_OF_EVENTS * live.bytes });
      if (!this.timers.has(key) && state.phase !== 'queued') this.startTimer(key, live);
      return;
    }
    this.forget({ tenantId, runId: state.runId });
    if (state.startedAt === 0) return;
    const turns = turnsAfter(live, this.options.mostTurns);
    const bytes = HEAP_OF_TURNS * turns.reduce((sum, turn) => sum + turn.bytes, 0);
    this.threads.set(threadKey(tenantId, state.threadId), { through: live.threadSeq, turns, unanswered: { ...live, earlier: [], before: undefined }, bytes: bytes + HEAP_OF_EVENTS * live.bytes });
  }

  /** The answer of this run, which is over, is published. */
  answered({ tenantId, state, threadSeq, bytes }: LiveRun): void {
    const key = threadKey(tenantId, state.threadId);
    const kept = this.threads.get(key);
    if (kept?.through === threadSeq && kept.unanswered) this.threads.set(key, { ...kept, unanswered: undefined, bytes: kept.bytes - HEAP_OF_EVENTS * bytes });
  }

  /** What is known of this run is out of date. */
  forget(run: { readonly tenantId: string; readonly runId: string }): void {
    this.runs.delete(runKey(run));
    this.clearTimer(runKey(run));
  }

  /** The turns before this place of a thread, and the run before it as long as its answer may not be out; undefined when they are not known here. */
  turnsBefore(tenantId: string, threadId: string, threadSeq: number): { readonly turns: readonly Turn[]; readonly unanswered: LiveRun | undefined } | undefined {
    if (threadSeq === 1) return { turns: [], unanswered: undefined };
    const kept = this.threads.get(threadKey(tenantId, threadId));
    return kept?.through === threadSeq - 1 ? kept : undefined;
  }

  stop(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
  }

  private startTimer(key: string, { tenantId, state }: LiveRun): void {
    if (state.deadlineAt === 0) return;
    const wait = Math.min(Math.max(state.deadlineAt + 1 - this.options.clock.now(), 0), LONGEST_TIMER_MS); // a timer may be early by a millisecond
    const timer = setTimeout(() => {
      this.timers.delete(key);
      this.options.onDeadline({ tenantId, runId: state.runId });
    }, wait);
    this.timers.set(key, timer.unref());
  }

  private clearTimer(key: string): void {
    clearTimeout(this.timers.get(key));
    this.timers.delete(key);
  }
}

const threadKey = (tenantId: string, threadId: string): string => `${tenantId} ${threadId}`;
