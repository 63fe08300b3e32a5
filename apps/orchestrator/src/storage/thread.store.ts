import type { Database, Tx } from '@nexus/postgres';
import type { RecordedEvent } from '../domain/replay.js';
import { decodeEvent } from './event-codec.js';

/** A thread as stored. Times are Unix milliseconds. */
export interface StoredThread {
  readonly id: string;
  readonly title: string;
  readonly surface: string;
  readonly client: string;
  readonly project: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** 0 when not archived. */
  readonly archivedAt: number;
  /** The acceptance of its first run, when it has no title of its own. */
  readonly first: RecordedEvent | undefined;
}

/** An event that holds messages, with its run. */
export interface MessageEvent extends RecordedEvent {
  readonly runId: string;
}

interface ThreadRow { readonly id: string; readonly title: string; readonly surface: string; readonly client: string; readonly project: string; readonly created: number; readonly updated: number; readonly archived: number | null; readonly payload: Buffer | null }
interface EventRow { readonly run_id: string; readonly seq: number; readonly at: number; readonly payload: Buffer }

const COLUMNS = `t.id, t.title, t.surface, t.client, t.project, (extract(epoch FROM t.created_at) * 1000)::bigint AS created,
  (extract(epoch FROM t.updated_at) * 1000)::bigint AS updated, (extract(epoch FROM t.archived_at) * 1000)::bigint AS archived,
  CASE WHEN t.title = '' THEN (SELECT e.payload FROM orchestrator.run r JOIN orchestrator.run_event e ON e.run_id = r.id AND e.seq = 0
    WHERE r.thread_id = t.id AND r.thread_seq = 1) END AS payload`;

/** Threads and their messages, for those who ask about them. A thread's messages are a reading of its runs' events. */
export class ThreadStore {
  constructor(private readonly database: Database) {}

  /** Makes the thread; one that is there stays as it is. */
  async create(tenantId: string, thread: { readonly id: string; readonly title: string; readonly surface: string; readonly client: string; readonly project: string }, now: number): Promise<StoredThread | undefined> {
    return this.database.withTenant(tenantId, async (tx) => {
      await tx.query('thread_lock', 'SELECT pg_advisory_xact_lock(uuid_hash_extended($1, 1))', [thread.id]); // as accept_batch does, which may make it too
      await tx.query('thread_create', `INSERT INTO orchestrator.thread (tenant_id, id, title, surface, client, project, last_seq, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7) ON CONFLICT DO NOTHING`, [tenantId, thread.id, thread.title, thread.surface, thread.client, thread.project, new Date(now)]);
      return get(tx, thread.id);
    });
  }

  get(tenantId: string, id: string): Promise<StoredThread | undefined> {
    return this.database.withTenant(tenantId, (tx) => get(tx, id));
  }

  /** Newest first, those after the thread `after`. */
  list(tenantId: string, page: { readonly limit: number; readonly after: string | undefined; readonly includeArchived: boolean }): Promise<readonly StoredThread[]> {
    return this.database.withTenant(tenantId, async (tx) => {
      const rows = await tx.query<ThreadRow>('thread_list', `SELECT ${COLUMNS} FROM orchestrator.thread t
        WHERE ($1::uuid IS NULL OR (t.created_at, t.id) < (SELECT p.created_at, p.id FROM orchestrator.thread p WHERE p.id = $1)) AND ($2 OR t.archived_at IS NULL)
        ORDER BY t.created_at DESC, t.id DESC LIMIT $3`, [page.after ?? null, page.includeArchived, page.limit]);
      return rows.map(threadOf);
    });
  }

  /** Undefined fields stay as they are. */
  update(tenantId: string, id: string, change: { readonly title: string | undefined; readonly archived: boolean | undefined }, now: number): Promise<StoredThread | undefined> {
    return this.database.withTenant(tenantId, async (tx) => {
      await tx.query('thread_update', `UPDATE orchestrator.thread SET title = coalesce($2, title), updated_at = $4,
        archived_at = CASE WHEN $3::boolean IS NULL THEN archived_at WHEN $3 THEN coalesce(archived_at, $4) END WHERE id = $1`, [id, change.title ?? null, change.archived ?? null, new Date(now)]);
      return get(tx, id);
    });
  }

  /** Events that hold messages, oldest first, those after that event. The first byte of a payload is the tag of its kind of event. */
  messages(tenantId: string, threadId: string, page: { readonly limit: number; readonly after: { readonly runId: string; readonly seq: number } | undefined }): Promise<readonly MessageEvent[]> {
    return this.database.withTenant(tenantId, async (tx) => {
      const rows = await tx.query<EventRow>('thread_messages', `SELECT e.run_id, e.seq, (extract(epoch FROM e.at) * 1000)::bigint AS at, e.payload
        FROM orchestrator.run r JOIN orchestrator.run_event e ON e.run_id = r.id
        WHERE r.thread_id = $1 AND get_byte(e.payload, 0) IN (10, 26, 42)
          AND ($2::uuid IS NULL OR (r.thread_seq, e.seq) > ((SELECT p.thread_seq FROM orchestrator.run p WHERE p.id = $2), $3::integer))
        ORDER BY r.thread_seq, e.seq LIMIT $4`, [threadId, page.after?.runId ?? null, page.after?.seq ?? 0, page.limit]);
      return rows.map((row) => ({ runId: row.run_id, seq: row.seq, at: row.at, event: decodeEvent(row.payload) }));
    });
  }

  /** The newest run of that correlation id, where it is not the message id. */
  async runByCorrelation(tenantId: string, correlationId: string): Promise<string | undefined> {
    const rows = await this.database.withTenant(tenantId, (tx) =>
      tx.query<{ id: string }>('run_by_correlation', 'SELECT id FROM orchestrator.run WHERE correlation_id = $1 ORDER BY created_at DESC LIMIT 1', [correlationId]));
    return rows[0]?.id;
  }
}

async function get(tx: Tx, id: string): Promise<StoredThread | undefined> {
  const [row] = await tx.query<ThreadRow>('thread_get', `SELECT ${COLUMNS} FROM orchestrator.thread t WHERE t.id = $1`, [id]);
  return row === undefined ? undefined : threadOf(row);
}

function threadOf({ payload, created, updated, archived, ...row }: ThreadRow): StoredThread {
  const first = payload === null ? undefined : { seq: 0, at: created, event: decodeEvent(payload) };
  return { ...row, createdAt: created, updatedAt: updated, archivedAt: archived ?? 0, first };
}
