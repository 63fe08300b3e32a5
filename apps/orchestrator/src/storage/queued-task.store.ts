import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { IncomingRequestSchema, ProcessedRequestSchema, TaskState, type IncomingRequest, type ProcessedRequest } from '@nexus/contracts';
import { deleteExpired, type Database, type Tx } from '@nexus/postgres';

/** In whose name a task runs. */
export interface TaskOwner {
  readonly tenantId: string;
  readonly keyId: string;
  readonly client: string;
  readonly project: string;
}

/** A task as stored. Times are Unix milliseconds, 0 when it has not come to that. */
export interface StoredTask {
  readonly id: string;
  readonly request: IncomingRequest;
  readonly state: TaskState;
  /** 1 is the next; 0 unless queued. */
  readonly position: number;
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly answer: ProcessedRequest | undefined;
}

/** A task that is to be under way. */
export interface BegunTask extends TaskOwner {
  readonly id: string;
  readonly request: IncomingRequest;
  /** Somebody wants it stopped. */
  readonly isCancelling: boolean;
}

/** How a task ended. */
export type TaskEnd = TaskState.DONE | TaskState.FAILED | TaskState.CANCELLED;

interface TaskRow { readonly id: string; readonly request: Buffer; readonly state: number; readonly position: number; readonly created: number; readonly started: number | null; readonly finished: number | null; readonly answer: Buffer | null }
interface BegunRow { readonly id: string; readonly key_id: string; readonly client: string; readonly project: string; readonly request: Buffer; readonly is_cancelling: boolean }

const KEPT_FOR = `interval '30 days'`;

const columns = (answer: string): string => `t.id, t.request, t.state, (extract(epoch FROM t.created_at) * 1000)::bigint AS created,
  (extract(epoch FROM t.started_at) * 1000)::bigint AS started, (extract(epoch FROM t.finished_at) * 1000)::bigint AS finished, ${answer} AS answer,
  CASE WHEN t.state = 1 THEN (SELECT count(*) FROM orchestrator.queued_task b WHERE b.state = 1 AND b.place <= t.place) ELSE 0 END AS position`;

/** The tenants' queues of tasks. */
export class QueuedTaskStore {
  constructor(private readonly database: Database) {}

  /** Puts a task at the end of its tenant's queue; one that is there stays as it is. Undefined when `mostWaiting` wait already. */
  add({ tenantId, keyId, client, project }: TaskOwner, id: string, request: IncomingRequest, now: number, mostWaiting: number): Promise<StoredTask | undefined> {
    return this.database.withTenant(tenantId, async (tx) => {
      await tx.query('task_add', `INSERT INTO orchestrator.queued_task (tenant_id, id, key_id, client, project, created_at, request)
        SELECT $1, $2, $3, $4, $5, $6, $7 WHERE (SELECT count(*) FROM orchestrator.queued_task w WHERE w.state = 1) < $8 ON CONFLICT DO NOTHING`,
      [tenantId, id, keyId, client, project, new Date(now), toBinary(IncomingRequestSchema, request), mostWaiting]);
      return get(tx, id);
    });
  }

  get(tenantId: string, id: string): Promise<StoredTask | undefined> {
    return this.database.withTenant(tenantId, (tx) => get(tx, id));
  }

  /** Newest first, without answers, those after the task `after`. */
  list(tenantId: string, page: { readonly limit: number; readonly after: string | undefined; readonly state: TaskState | undefined }): Promise<readonly StoredTask[]> {
    return this.database.withTenant(tenantId, async (tx) => {
      const rows = await tx.query<TaskRow>('task_list', `SELECT ${columns('NULL::bytea')} FROM orchestrator.queued_task t
        WHERE ($1::uuid IS NULL OR t.place < (SELECT p.place FROM orchestrator.queued_task p WHERE p.id = $1)) AND ($2::integer IS NULL OR t.state = $2)
        ORDER BY t.place DESC LIMIT $3`, [page.after ?? null, page.state ?? null, page.limit]);
      return rows.map(taskOf);
    });
  }

  /** Cancels a task that waits, and marks one that runs: whoever runs it will stop it. */
  cancel(tenantId: string, id: string, now: number): Promise<StoredTask | undefined> {
    return this.database.withTenant(tenantId, async (tx) => {
      await tx.query('task_cancel', `UPDATE orchestrator.queued_task SET is_cancelling = true,
          state = CASE WHEN state = 1 THEN 5 ELSE state END,
          finished_at = CASE WHEN state = 1 THEN $2::timestamptz END,
          expires_at = CASE WHEN state = 1 THEN $2::timestamptz + ${KEPT_FOR} END
        WHERE id = $1 AND state <= 2`, [id, new Date(now)]);
      return get(tx, id);
    });
  }

  /** Begins what may begin, at most so many of a tenant at once. Answers all that are under way, those of before too. */
  async begin(batch: number, now: number): Promise<readonly BegunTask[]> {
    const found = await this.database.query<{ tenant_id: string; id: string }>('waiting_tasks', 'SELECT tenant_id, id FROM orchestrator.waiting_tasks($1)', [batch]);
    if (found.length === 0) return [];
    const byTenant = Map.groupBy(found, ({ tenant_id }) => tenant_id);
    const rows = await this.database.withTenants<BegunRow>(new Map([...byTenant].map(([tenantId, tasks]) => {
      const ids = tasks.map(({ id }) => id);
      return [tenantId, [
        { name: 'task_begin', text: 'UPDATE orchestrator.queued_task SET state = 2, started_at = $2 WHERE id = ANY ($1::uuid[]) AND state = 1', values: [ids, new Date(now)] },
        { name: 'task_begun', text: 'SELECT id, key_id, client, project, request, is_cancelling FROM orchestrator.queued_task WHERE id = ANY ($1::uuid[]) AND state = 2 ORDER BY place', values: [ids] },
      ]];
    })));
    return [...rows].flatMap(([tenantId, results]) => (results[1] ?? []).map((row) => ({
      tenantId, id: row.id, keyId: row.key_id, client: row.client, project: row.project, isCancelling: row.is_cancelling, request: fromBinary(IncomingRequestSchema, row.request),
    })));
  }

  /** Ends a task that is under way; one that has ended stays as it is. */
  async finish(tenantId: string, id: string, state: TaskEnd, answer: ProcessedRequest, now: number): Promise<void> {
    await this.database.withTenant(tenantId, (tx) => tx.query('task_finish', `UPDATE orchestrator.queued_task
      SET state = $2, answer = $3, finished_at = $4, expires_at = $4::timestamptz + ${KEPT_FOR} WHERE id = $1 AND state = 2`,
    [id, state, toBinary(ProcessedRequestSchema, answer), new Date(now)]));
  }

  /** Deletes what ended 30 days ago. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'orchestrator', 'queued_task');
  }
}

async function get(tx: Tx, id: string): Promise<StoredTask | undefined> {
  const [row] = await tx.query<TaskRow>('task_get', `SELECT ${columns('t.answer')} FROM orchestrator.queued_task t WHERE t.id = $1`, [id]);
  return row === undefined ? undefined : taskOf(row);
}

function taskOf({ id, request, state, position, created, started, finished, answer }: TaskRow): StoredTask {
  return {
    id, state, position,
    request: fromBinary(IncomingRequestSchema, request),
    createdAt: created, startedAt: started ?? 0, finishedAt: finished ?? 0,
    answer: answer === null ? undefined : fromBinary(ProcessedRequestSchema, answer),
  };
}
