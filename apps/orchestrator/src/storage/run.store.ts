import { fromBinary } from '@bufbuild/protobuf';
import { AgentSnapshotSchema, RunStatus, type AgentSnapshot, type StoredRunEvent } from '@nexus/contracts';
import { plainArray, textArray, type Database } from '@nexus/postgres';
import type { RecordedEvent } from '../domain/replay.js';
import { bytesArray, decodeEvent, encodeEvent } from './event-codec.js';

/** An agent's instructions and tools, as they are kept once for all runs that have the same. */
export interface StoredAgent {
  /** The first 16 bytes of the SHA-256 of `payload`. */
  readonly hash: Uint8Array;
  readonly payload: Uint8Array;
}

/** A message that shall start a run. Times are Unix milliseconds. */
export interface NewRun {
  readonly tenantId: string;
  readonly runId: string;
  readonly threadId: string;
  readonly surface: string;
  readonly client: string;
  readonly project: string;
  readonly messageId: string;
  /** Undefined when it is the message id. */
  readonly correlationId: string | undefined;
  readonly limitMs: number;
  /** 0 is none. */
  readonly deadlineAt: number;
  /** The event `accepted`, encoded. */
  readonly payload: Uint8Array;
  /** Runs a month of the tenant's plan; undefined when it has none. */
  readonly quota?: number | undefined;
}

/** Where a message's run stands in its thread; of one that is not new, as it was stored then. */
export interface AcceptedPlace {
  readonly isNew: boolean;
  readonly threadId: string;
  readonly threadSeq: number;
  readonly status: RunStatus;
  readonly queuedBehind: number;
  /** The tenant's quota is used up: nothing was stored. */
  readonly isRefused: boolean;
}

/** What happened to one run. */
export interface RunCommit {
  readonly tenantId: string;
  readonly threadId: string;
  readonly runId: string;
  readonly epoch: number;
  /** The number that the first of the events must get. */
  readonly seq: number;
  readonly events: readonly { readonly payload: Uint8Array; readonly fingerprint: number }[];
  /** Set when the run is over. */
  readonly ending: RunStatus.SUCCEEDED | RunStatus.FAILED | RunStatus.CANCELLED | undefined;
  /** No redelivery would publish the answer again: it is due until settleReplies(). */
  readonly isReplyDue: boolean;
  /** When its model call is to be made again, Unix milliseconds; 0 when it does not wait. It is due until settleWakes(). */
  readonly wakeAt: number;
}

/** A run that begins because the one before it in its thread is over. */
export interface PromotedRun {
  readonly runId: string;
  readonly threadSeq: number;
  readonly queuedBehind: number;
  readonly epoch: number;
  readonly events: readonly RecordedEvent[];
}

export interface RunCommitResult {
  /** False: someone else was first, nothing of this run was stored. */
  readonly isCommitted: boolean;
  readonly promoted: PromotedRun | undefined;
}

/** A run with all its events. */
export interface StoredRun {
  readonly runId: string;
  readonly threadId: string;
  readonly threadSeq: number;
  readonly status: RunStatus;
  readonly epoch: number;
  readonly queuedBehind: number;
  readonly events: readonly RecordedEvent[];
  /** Of its events' payloads. */
  readonly bytes: number;
}

export interface TenantRun {
  readonly tenantId: string;
  readonly runId: string;
}

interface AcceptRow { readonly place: number; readonly is_new: boolean; readonly thread_id: string; readonly thread_seq: number; readonly status: RunStatus; readonly queued_behind: number; readonly is_refused: boolean }
interface CommitRow {
  readonly place: number; readonly is_committed: boolean; readonly next_run: string | null; readonly next_thread_seq: number;
  readonly next_queued_behind: number; readonly next_epoch: number; readonly next_at: number; readonly next_payload: Buffer;
}
interface LoadRow {
  readonly place: number; readonly run_id: string; readonly thread_id: string; readonly thread_seq: number; readonly status: RunStatus;
  readonly epoch: number; readonly queued_behind: number; readonly seq: number; readonly at: number; readonly fingerprint: number | null; readonly payload: Buffer;
}

/** Runs and their events in Postgres: every method is one round trip, whatever the size of its batch. */
export class RunStore {
  constructor(private readonly database: Database) {}

  /** Stores messages as runs, in the order given within a thread, as far as quotas allow. Undefined when the lease is no longer held: nothing was stored. */
  async accept(lease: { readonly partition: number; readonly epoch: number }, now: number, agents: readonly (StoredAgent & { readonly tenantId: string })[], runs: readonly NewRun[]): Promise<readonly AcceptedPlace[] | undefined> {
    const order = runs.map((_, index) => index).sort((a, b) => compare(threadKey(runs[a]), threadKey(runs[b])) || a - b);
    const sorted = order.map((index) => runs[index] as NewRun);
    const rows = await this.database.query<AcceptRow>('accept_batch', 'SELECT * FROM orchestrator.accept_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)', [
      lease.partition, lease.epoch, new Date(now),
      plainArray(agents.map((agent) => agent.tenantId)), bytesArray(agents.map((agent) => agent.hash)), bytesArray(agents.map((agent) => agent.payload)),
      plainArray(sorted.map((run) => run.tenantId)), plainArray(sorted.map((run) => run.runId)), plainArray(sorted.map((run) => run.threadId)),
      textArray(sorted.map((run) => run.surface)), textArray(sorted.map((run) => run.client)), textArray(sorted.map((run) => run.project)),
      textArray(sorted.map((run) => run.messageId)), textArray(sorted.map((run) => run.correlationId)), plainArray(sorted.map((run) => run.limitMs)), plainArray(sorted.map((run) => run.deadlineAt)),
      bytesArray(sorted.map((run) => run.payload)), plainArray(sorted.map((run) => run.quota ?? -1)),
    ]);
    if (rows.length === 0) return undefined;
    const places: AcceptedPlace[] = [];
    for (const row of rows) {
      places[order[row.place - 1] as number] = { isNew: row.is_new, threadId: row.thread_id, threadSeq: row.thread_seq, status: row.status, queuedBehind: row.queued_behind, isRefused: row.is_refused };
    }
    return places;
  }

  /** How many runs the tenant has been accepted this month under a quota. */
  async acceptedInMonth(tenantId: string, now: number): Promise<number> {
    const month = `${new Date(now).toISOString().slice(0, 7)}-01`;
    const [row] = await this.database.withTenant(tenantId, (tx) => tx.query<{ accepted: number }>('run_count', 'SELECT accepted FROM orchestrator.run_count WHERE month = $1', [month]));
    return row?.accepted ?? 0;
  }

  /** Appends events, ends runs and lets their successors begin with the event `started`. Answers in the order given. */
  async commit(now: number, started: StoredRunEvent, commits: readonly RunCommit[]): Promise<readonly RunCommitResult[]> {
    const order = commits.map((_, index) => index).sort((a, b) => compare(commitKey(commits[a]), commitKey(commits[b])));
    const sorted = order.map((index) => commits[index] as RunCommit);
    const events = sorted.flatMap((commit) => commit.events);
    const rows = await this.database.query<CommitRow>('commit_batch', 'SELECT * FROM orchestrator.commit_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)', [
      new Date(now), Buffer.from(encodeEvent(started)),
      plainArray(sorted.map((commit) => commit.tenantId)), plainArray(sorted.map((commit) => commit.threadId)), plainArray(sorted.map((commit) => commit.runId)),
      plainArray(sorted.map((commit) => commit.epoch)), plainArray(sorted.map((commit) => commit.seq)), plainArray(sorted.map((commit) => commit.events.length)),
      plainArray(sorted.map((commit) => commit.ending ?? 0)), plainArray(sorted.map((commit) => commit.isReplyDue)),
      plainArray(events.map(({ fingerprint }) => fingerprint)), bytesArray(events.map(({ payload }) => payload)), plainArray(sorted.map((commit) => commit.wakeAt)),
    ]);
    const results: RunCommitResult[] = [];
    for (const row of rows) results[order[row.place - 1] as number] = { isCommitted: row.is_committed, promoted: promotedOf(row, now, started) };
    return results;
  }

  /**
   * Runs with their events, by place in `asked`; with `after` also the runs before them in their threads that come after that place,
   * at most `history`. Each list is in the order of the thread, the run asked for last; empty when there is no such run.
   */
  async load(asked: readonly (TenantRun & { readonly after?: number | undefined })[], history: number): Promise<readonly (readonly StoredRun[])[]> {
    const rows = await this.database.query<LoadRow>('load_runs', 'SELECT * FROM orchestrator.load_runs($1, $2, $3, $4)', [
      plainArray(asked.map((run) => run.tenantId)), plainArray(asked.map((run) => run.runId)), plainArray(asked.map((run) => run.after ?? -1)), history,
    ]);
    const loaded: (StoredRun & { events: RecordedEvent[]; bytes: number })[][] = asked.map(() => []);
    for (const row of rows) {
      const runs = loaded[row.place - 1] as (typeof loaded)[number];
      let run = runs.at(-1);
      if (run?.runId !== row.run_id) {
        run = { runId: row.run_id, threadId: row.thread_id, threadSeq: row.thread_seq, status: row.status, epoch: row.epoch, queuedBehind: row.queued_behind, events: [], bytes: 0 };
        runs.push(run);
      }
      run.events.push(recorded(row));
      run.bytes += row.payload.length;
    }
    return loaded;
  }

  /** Instructions and tools of agents, by place; undefined where nothing is stored under that hash. */
  async loadAgents(asked: readonly { readonly tenantId: string; readonly hash: Uint8Array }[]): Promise<readonly (AgentSnapshot | undefined)[]> {
    const rows = await this.database.query<{ place: number; payload: Buffer }>('load_agents', 'SELECT * FROM orchestrator.load_agents($1, $2)', [
      plainArray(asked.map((agent) => agent.tenantId)), bytesArray(asked.map((agent) => agent.hash)),
    ]);
    const found: (AgentSnapshot | undefined)[] = asked.map(() => undefined);
    for (const row of rows) found[row.place - 1] = fromBinary(AgentSnapshotSchema, row.payload);
    return found;
  }

  /** The active runs that come after these places in their threads. */
  async activeAfter(places: readonly { readonly tenantId: string; readonly threadId: string; readonly threadSeq: number }[]): Promise<readonly TenantRun[]> {
    return this.database.query<{ tenantId: string; runId: string }>('active_after', 'SELECT tenant_id AS "tenantId", run_id AS "runId" FROM orchestrator.active_after($1, $2, $3)', [
      plainArray(places.map((place) => place.tenantId)), plainArray(places.map((place) => place.threadId)), plainArray(places.map((place) => place.threadSeq)),
    ]);
  }

  /** The answers of these runs are published. */
  async settleReplies(runs: readonly TenantRun[]): Promise<void> {
    await this.database.query('settle_replies', 'SELECT orchestrator.settle_replies($1, $2)', [plainArray(runs.map((run) => run.tenantId)), plainArray(runs.map((run) => run.runId))]);
  }

  /** The retries of these runs, as far as they were due by then, are published. */
  async settleWakes(runs: readonly TenantRun[], dueBefore: number): Promise<void> {
    await this.database.query('settle_wakes', 'SELECT orchestrator.settle_wakes($1, $2, $3)', [plainArray(runs.map((run) => run.tenantId)), plainArray(runs.map((run) => run.runId)), new Date(dueBefore)]);
  }

  /** Runs whose time is over; of those in a queue, the request's own deadline. At most twice `limit`. */
  expired(now: number, limit: number): Promise<readonly TenantRun[]> {
    return this.find('expired_runs', now, limit);
  }

  /** Runs whose model call was to be made again before, and may not have been. */
  waking(dueBefore: number, limit: number): Promise<readonly TenantRun[]> {
    return this.find('waking_runs', dueBefore, limit);
  }

  /** Active runs without an event since, in an order of their own; those after the run `after`, which may be over by now. */
  quietSince(since: number, after: TenantRun | undefined, limit: number): Promise<readonly TenantRun[]> {
    return this.database.query<{ tenantId: string; runId: string }>('stalled_runs', 'SELECT tenant_id AS "tenantId", id AS "runId" FROM orchestrator.stalled_runs($1, $2, $3, $4)', [
      new Date(since), after?.tenantId ?? NIL_ID, after?.runId ?? NIL_ID, limit,
    ]);
  }

  /** Runs that ended before and whose answer may not have been published. */
  unsent(before: number, limit: number): Promise<readonly TenantRun[]> {
    return this.find('unsent_runs', before, limit);
  }

  private find(finder: 'expired_runs' | 'waking_runs' | 'unsent_runs', at: number, limit: number): Promise<readonly TenantRun[]> {
    return this.database.query<{ tenantId: string; runId: string }>(finder, `SELECT tenant_id AS "tenantId", id AS "runId" FROM orchestrator.${finder}($1, $2)`, [new Date(at), limit]);
  }
}

const NIL_ID = '00000000-0000-0000-0000-000000000000';

const threadKey = (run: NewRun | undefined): string => `${run?.tenantId} ${run?.threadId}`;
const commitKey = (commit: RunCommit | undefined): string => `${commit?.tenantId} ${commit?.threadId} ${commit?.runId}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function recorded(row: Pick<LoadRow, 'seq' | 'at' | 'fingerprint' | 'payload'>): RecordedEvent {
  return { seq: row.seq, at: row.at, event: decodeEvent(row.payload), fingerprint: row.fingerprint ?? undefined };
}

function promotedOf(row: CommitRow, now: number, started: StoredRunEvent): PromotedRun | undefined {
  if (row.next_run === null) return undefined;
  const accepted = recorded({ seq: 0, at: row.next_at, fingerprint: null, payload: row.next_payload });
  return { runId: row.next_run, threadSeq: row.next_thread_seq, queuedBehind: row.next_queued_behind, epoch: row.next_epoch, events: [accepted, { seq: 1, at: now, event: started }] };
}
