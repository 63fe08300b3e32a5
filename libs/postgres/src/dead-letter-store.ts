import { SYSTEM_TENANT_ID, deterministicId, isUuid, systemClock, type Clock } from '@nexus/core';
import type { Database } from './database.js';
import { sqlName } from './sql-name.js';

/** An entry that a service could not handle. */
export interface NewDeadLetter {
  /** The system tenant when no tenant could be told. */
  readonly tenantId?: string;
  readonly channel: string;
  readonly group: string;
  /** Its place in its stream; with channel and group it makes the same letter again. */
  readonly entryId: string;
  readonly raw: Uint8Array;
  readonly reasonCode: string;
  /** Safe to show. */
  readonly reason: string;
  readonly deliveries: number;
  readonly messageId?: string;
}

/** A letter without its raw bytes, which may hold what people wrote. */
export interface StoredDeadLetter extends Required<Omit<NewDeadLetter, 'messageId' | 'raw'>> {
  readonly id: string;
  /** Empty when the entry had none that could be read. */
  readonly messageId: string;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}

export interface DeadLetterQuery {
  /** Default: the system tenant. */
  readonly tenantId?: string;
  /** Default: every channel. */
  readonly channel?: string;
  /** Default 20, at most 100. */
  readonly limit?: number;
}

/** Keeps dead letters in `<schema>.dead_letter`, made by deadLetterMigration. */
export class DeadLetterStore {
  private readonly table: string;

  constructor(
    private readonly database: Database,
    schema: string,
    private readonly clock: Clock = systemClock,
  ) {
    this.table = `${sqlName(schema)}.dead_letter`;
  }

  /** Stores the letter; the same entry again only counts. Answers its id. */
  async insert(letter: NewDeadLetter): Promise<string> {
    const tenantId = letter.tenantId !== undefined && isUuid(letter.tenantId) ? letter.tenantId : SYSTEM_TENANT_ID;
    const id = deterministicId(tenantId, 'dead-letter', letter.channel, letter.group, letter.entryId);
    await this.database.withTenant(tenantId, (tx) =>
      tx.query(
        'dead_letter_insert',
        `INSERT INTO ${this.table} AS stored (tenant_id, id, channel, consumer_group, entry_id, message_id, raw, reason_code, reason, deliveries, first_seen_at, last_seen_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         ON CONFLICT (tenant_id, id) DO UPDATE SET deliveries = greatest(stored.deliveries, excluded.deliveries), last_seen_at = excluded.last_seen_at,
           reason_code = excluded.reason_code, reason = excluded.reason`,
        [tenantId, id, letter.channel, letter.group, letter.entryId, letter.messageId ?? null, Buffer.from(letter.raw), letter.reasonCode, storable(letter.reason), letter.deliveries, new Date(this.clock.now())],
      ),
    );
    return id;
  }

  /** The tenant's newest letters first. */
  async list(query: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    const limit = Math.min(Math.max(query.limit ?? 20, 1), 100);
    return this.database.withTenant(query.tenantId ?? SYSTEM_TENANT_ID, (tx) =>
      tx.query<StoredDeadLetter>(
        'dead_letter_list',
        `SELECT tenant_id AS "tenantId", id, channel, consumer_group AS "group", entry_id AS "entryId", coalesce(message_id, '') AS "messageId",
                reason_code AS "reasonCode", reason, deliveries, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"
           FROM ${this.table} WHERE $1 = '' OR channel = $1 ORDER BY last_seen_at DESC, id DESC LIMIT $2`,
        [query.channel ?? '', limit],
      ),
    );
  }
}

/** Postgres takes no NUL in text. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}
