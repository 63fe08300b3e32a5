import type { OutgoingMessage } from '@nexus/channels';
import { AppError, failpoint, type Clock, type TraceContext } from '@nexus/core';
import type { StoredRunEvent } from '@nexus/contracts';
import type { Effect } from '../domain/effect.js';
import { decide } from '../domain/run.machine.js';
import { fingerprint } from '../domain/run-state.js';
import { storedEvent } from '../domain/stored-event.js';
import { encodeEvent } from '../storage/event-codec.js';
import type { PromotedRun, RunCommit, RunCommitResult, RunStore } from '../storage/run.store.js';
import type { DelayedMessages } from './delayed-messages.js';
import type { FinishedRuns } from './finished-runs.js';
import { acceptedOf, endingStatus, liveRunOf, runKey, traceOf, turnsAfter, type LiveRun } from './live-run.js';
import { toMessages } from './outbox.js';
import type { Republication } from './republication.js';
import type { RunInput } from './run-input.js';
import type { RunLoader } from './run-loader.js';
import type { RunMemory } from './run-memory.js';

/** A round is one commit; this many may be under way, each with runs of its own. */
const ROUNDS_AT_ONCE = 2;
/** Times that an input finds that someone else was first, before its message is given back to be delivered again. */
const MOST_CONFLICTS = 8;

interface Waiting {
  readonly input: RunInput;
  readonly resolve: (messages: readonly OutgoingMessage[]) => void;
  readonly reject: (error: unknown) => void;
  conflicts: number;
}

/** One run in a round: what it becomes, and what each input made of it. */
interface Work {
  live: LiveRun;
  readonly seq: number;
  readonly events: { readonly payload: Uint8Array; readonly fingerprint: number }[];
  readonly applied: { readonly waiting: Waiting; readonly live: LiveRun; readonly effects: readonly Effect[] }[];
  readonly ignored: Waiting[];
  isFresh: boolean;
}

/**
 * Takes everything that happens to runs after their start: decides, commits, and says what to publish. Inputs wait while two rounds
 * are under way, so that commits group by themselves; a run is in one round at a time. An input that says nothing new stores nothing;
 * when its message is delivered again it publishes what it published, if that is what the run still waits for.
 */
export class AdvanceRunsHandler {
  private waiting: Waiting[] = [];
  private readonly busy = new Set<string>();
  private rounds = 0;

  constructor(
    private readonly store: RunStore,
    private readonly memory: RunMemory,
    private readonly loader: RunLoader,
    private readonly delayed: DelayedMessages,
    private readonly again: Republication,
    private readonly finished: FinishedRuns,
    private readonly clock: Clock,
    private readonly onOver: (live: LiveRun) => void,
  ) {}

  /** What to publish, once everything is committed. Rejects when one of the inputs cannot be handled. */
  async handle(inputs: readonly RunInput[]): Promise<readonly OutgoingMessage[]> {
    const results = inputs.map((input) => new Promise<readonly OutgoingMessage[]>((resolve, reject) => this.waiting.push({ input, resolve, reject, conflicts: 0 })));
    this.pump();
    await Promise.allSettled(results);
    return (await Promise.all(results)).flat();
  }

  private pump(): void {
    while (this.rounds < ROUNDS_AT_ONCE) {
      const free = this.waiting.filter(({ input }) => !this.busy.has(runKey(input)));
      if (free.length === 0) return;
      const keys = new Set(free.map(({ input }) => runKey(input)));
      this.waiting = this.waiting.filter(({ input }) => !keys.has(runKey(input)));
      for (const key of keys) this.busy.add(key);
      this.rounds++;
      void this.round(free).catch((error: unknown) => free.forEach(({ reject }) => reject(error))).finally(() => {
        this.rounds--;
        for (const key of keys) this.busy.delete(key);
        this.pump();
      });
    }
  }

  private async round(inputs: readonly Waiting[]): Promise<void> {
    const now = this.clock.now();
    const loaded = await this.loader.load(inputs.map(({ input }) => ({ tenantId: input.tenantId, runId: input.runId, withTurns: true })));
    let works = decideAll(inputs, loaded, now);
    // memory may be behind what another replica stored: what seems to say nothing is looked at again
    const doubtful = works.filter((work) => !work.isFresh && work.ignored.some(({ input }) => !isLast(input, work.live)));
    if (doubtful.length > 0) {
      const again = new Map(await this.loader.reload(doubtful.map(({ live }) => ({ tenantId: live.tenantId, runId: live.state.runId, withTurns: true }))));
      const keys = new Set(again.keys());
      works = [...works.filter((work) => !keys.has(keyOf(work.live))), ...decideAll(inputs.filter(({ input }) => keys.has(runKey(input))), again, now)];
    }
    const changed = works.filter((work) => work.events.length > 0);
    const results = await this.commit(changed, now);
    const ended: Work[] = [];
    const promoted: { readonly run: PromotedRun; readonly after: Work }[] = [];
    changed.forEach((work, index) => {
      const result = results[index];
      if (result?.isCommitted !== true) return this.retry(work);
      this.memory.keep(work.live);
      if (work.live.state.phase !== 'over') return this.publish(work, []);
      this.onOver(work.live);
      if (result.promoted === undefined) ended.push(work);
      else promoted.push({ run: result.promoted, after: work });
    });
    await Promise.all([
      ...ended.map((work) => this.publishEnd(work, [])),
      this.begin(promoted).then((successors) => Promise.all(promoted.map(({ after }, index) => this.publishEnd(after, successors[index] ?? [])))),
    ]);
    for (const work of works) if (work.events.length === 0) this.publish(work, []);
    const known = new Set(works.map(({ live }) => keyOf(live)));
    for (const { input, resolve } of inputs) if (!known.has(runKey(input))) resolve([]); // a run that does not exist
  }

  private async commit(changed: readonly Work[], now: number): Promise<readonly RunCommitResult[]> {
    if (changed.length === 0) return [];
    failpoint('orchestrator.before-commit');
    const results = await this.store.commit(now, storedEvent('started', { atMs: BigInt(now) }), changed.map(commitOf));
    failpoint('orchestrator.after-commit');
    return results;
  }

  /** Someone else was first: what this process knew is out of date, and is decided anew. */
  private retry(work: Work): void {
    this.memory.forget({ tenantId: work.live.tenantId, runId: work.live.state.runId });
    for (const waiting of [...work.applied.map((one) => one.waiting), ...work.ignored]) {
      if (++waiting.conflicts > MOST_CONFLICTS) waiting.reject(new AppError('run_conflict', 'Others change this run at the same moment. Retry.', { status: 409, isRetryable: true }));
      else this.waiting.push(waiting);
    }
  }

  /** The answer, what those outside are told, and how its successor began. */
  private async publishEnd(work: Work, successor: readonly OutgoingMessage[]): Promise<void> {
    this.publish(work, [...(await this.finished.eventsOf([work.live])), ...successor]);
  }

  private publish(work: Work, more: readonly OutgoingMessage[]): void {
    work.applied.forEach(({ waiting, live, effects }, index) => {
      const { now, later } = toMessages(live, effects, waiting.input.trace ?? traceOf(live));
      for (const { delayMs, message } of later) this.delayed.add(live, delayMs, message);
      const first = now.map((message) => (message.channel === 'requests.processed' ? { ...message, onPublished: () => this.memory.answered(live) } : message));
      waiting.resolve(index === work.applied.length - 1 ? [...first, ...more] : first);
    });
    for (const { input, resolve, reject } of work.ignored) {
      if (input.isAgain && isLast(input, work.live)) this.publishAgain(work.live, input.trace).then(resolve, reject);
      else resolve([]);
    }
  }

  /** What the run's last event published; when that was its end, also what went with its answer. */
  private async publishAgain(live: LiveRun, trace: TraceContext | undefined): Promise<readonly OutgoingMessage[]> {
    return [...this.again.of(live, trace), ...(live.state.phase === 'over' ? await this.again.besideAnswers([live]) : [])];
  }

  /** Runs that begin because those before them in their threads are over: what each publishes. */
  private async begin(promoted: readonly { readonly run: PromotedRun; readonly after: Work }[]): Promise<readonly (readonly OutgoingMessage[])[]> {
    if (promoted.length === 0) return [];
    const hashes = promoted.map(({ run, after }) => ({ tenantId: after.live.tenantId, hash: acceptedOf(run.events.map(({ event }) => event)).agentHash }));
    const agents = await this.loader.agentsOf(hashes);
    return Promise.all(promoted.map(async ({ run, after }, index) => {
      const { tenantId, state } = after.live;
      let live: LiveRun | undefined;
      if (run.threadSeq === after.live.threadSeq + 1) {
        const bytes = run.events.reduce((sum, { event }) => sum + encodeEvent(event).length, 0);
        live = liveRunOf({ ...run, tenantId, threadId: state.threadId, bytes }, run.events, agents[index], turnsAfter(after.live, this.memory.mostTurns));
        this.memory.keep(live);
      } else live = [...(await this.loader.reload([{ tenantId, runId: run.runId, withTurns: true }])).values()][0]?.live; // some were cancelled in between
      return live === undefined ? [] : this.again.of(live);
    }));
  }
}

const keyOf = (live: LiveRun): string => runKey({ tenantId: live.tenantId, runId: live.state.runId });

/** Whether the last thing that happened to the run is what this input brings. */
function isLast(input: RunInput, live: LiveRun): boolean {
  const last = live.events.at(-1);
  return last !== undefined && input.isSame(last);
}

function decideAll(inputs: readonly Waiting[], loaded: ReadonlyMap<string, { readonly live: LiveRun; readonly isFresh: boolean }>, now: number): Work[] {
  const works = new Map<string, Work>();
  for (const waiting of inputs) {
    const key = runKey(waiting.input);
    const known = loaded.get(key);
    if (known === undefined) continue;
    let work = works.get(key);
    if (work === undefined) works.set(key, (work = { live: known.live, seq: known.live.events.length, events: [], applied: [], ignored: [], isFresh: known.isFresh }));
    decideOne(work, waiting, now);
  }
  return [...works.values()];
}

/** An input that cannot even be understood fails alone. */
function decideOne(work: Work, waiting: Waiting, now: number): void {
  const { live } = work;
  let event: StoredRunEvent | undefined;
  try {
    event = waiting.input.toEvent(live);
    const decision = event === undefined ? undefined : decide(live.state, event, now);
    if (event === undefined || decision === undefined || decision.state === live.state) return void work.ignored.push(waiting);
    const payload = encodeEvent(event);
    work.live = { ...live, events: [...live.events, event], lastAt: now, state: decision.state, bytes: live.bytes + payload.length };
    work.events.push({ payload, fingerprint: fingerprint(decision.state) });
    work.applied.push({ waiting, live: work.live, effects: decision.effects });
  } catch (error) {
    waiting.reject(error);
  }
}

function commitOf({ live, seq, events, applied }: Work): RunCommit {
  return {
    tenantId: live.tenantId, threadId: live.state.threadId, runId: live.state.runId, epoch: live.epoch, seq, events,
    ending: endingStatus(live.state),
    isReplyDue: live.state.phase === 'over' && applied.at(-1)?.waiting.input.isOwn === true,
    wakeAt: live.state.phase === 'model' ? live.state.retryAt : 0,
  };
}
