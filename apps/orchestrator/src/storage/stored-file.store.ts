import { deleteExpired, type Database, type Tx } from '@nexus/postgres';
import { READ_TYPES } from '../domain/file-kinds.js';

/** A file as it is put. */
export interface NewFile {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly content: Uint8Array;
  /** SHA-256 of the content. */
  readonly hash: Uint8Array;
}

/** What is known of a stored file without its content. Times are Unix milliseconds. */
export interface FileHead {
  readonly id: string;
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: number;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** `other`: another content stands under this id. `full`: the tenant may store no more. */
export type Put = FileHead | 'other' | 'full';

interface HeadRow { readonly id: string; readonly name: string; readonly media_type: string; readonly bytes: number; readonly created: number; readonly expires: number }

const HEAD = `f.id, f.name, f.media_type, f.bytes, (extract(epoch FROM f.created_at) * 1000)::bigint AS created, (extract(epoch FROM f.expires_at) * 1000)::bigint AS expires`;

/** Files of tenants, kept for 30 days by the database's clock. */
export class StoredFileStore {
  constructor(private readonly database: Database) {}

  /** The same content under the same id again gives what is stored, its name included. A tenant's puts come one after the other, so that `mostBytes` of all its files hold. */
  put(tenantId: string, { id, name, mediaType, content, hash }: NewFile, mostBytes: number): Promise<Put> {
    return this.database.withTenant(tenantId, async (tx) => {
      const [, , , rows] = await Promise.all([
        tx.query('file_lock', `SELECT pg_advisory_xact_lock(hashtextextended('stored_file ' || $1, 0))`, [tenantId]),
        tx.query('file_make_room', 'DELETE FROM orchestrator.stored_file WHERE id = $1 AND expires_at <= now()', [id]),
        tx.query('file_put', `INSERT INTO orchestrator.stored_file (tenant_id, id, name, media_type, bytes, hash, content, created_at, expires_at)
          SELECT $1, $2, $3, $4, length($6::bytea), $5, $6, now(), now() + interval '30 days'
          WHERE (SELECT coalesce(sum(s.bytes), 0) FROM orchestrator.stored_file s WHERE s.expires_at > now()) + length($6::bytea) <= $7 ON CONFLICT DO NOTHING`,
        [tenantId, id, name, mediaType, hash, content, mostBytes]),
        tx.query<HeadRow & { readonly is_same: boolean }>('file_put_head', `SELECT ${HEAD}, f.hash = $2 AS is_same FROM orchestrator.stored_file f WHERE f.id = $1`, [id, hash]),
      ]);
      const [row] = rows;
      if (row === undefined) return 'full';
      return row.is_same ? headOf(row) : 'other';
    });
  }

  /** Undefined when there is none, or not any more. */
  get(tenantId: string, id: string): Promise<(FileHead & { readonly content: Uint8Array }) | undefined> {
    return this.database.withTenant(tenantId, async (tx) => {
      const [row] = await tx.query<HeadRow & { readonly content: Buffer }>('file_get', `SELECT ${HEAD}, f.content FROM orchestrator.stored_file f WHERE f.id = $1 AND f.expires_at > now()`, [id]);
      return row && { ...headOf(row), content: row.content };
    });
  }

  /** Those of these files that are there; of text the first `mostTextBytes`, of others no content. */
  describe(tenantId: string, ids: readonly string[], mostTextBytes: number): Promise<readonly (FileHead & { readonly text: Uint8Array | undefined })[]> {
    return this.database.withTenant(tenantId, async (tx: Tx) => {
      const rows = await tx.query<HeadRow & { readonly text: Buffer | null }>('file_describe', `SELECT ${HEAD},
          CASE WHEN f.media_type LIKE 'text/%' OR f.media_type = ANY ($3::text[]) THEN substring(f.content FROM 1 FOR $2) END AS text
        FROM orchestrator.stored_file f WHERE f.id = ANY ($1::uuid[]) AND f.expires_at > now()`, [ids, mostTextBytes, READ_TYPES]);
      return rows.map((row) => ({ ...headOf(row), text: row.text ?? undefined }));
    });
  }

  /** Deletes what has expired. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'orchestrator', 'stored_file');
  }
}

function headOf({ id, name, media_type: mediaType, bytes, created, expires }: HeadRow): FileHead {
  return { id, name, mediaType, bytes, createdAt: created, expiresAt: expires };
}
