import { SYSTEM_TENANT_ID, deterministicId, isUuid, systemClock, type Clock } from '@nexus/core';
import type { Database } from './database.js';
import type { DeadLetterCount, DeadLetterFilter, DeadLetterPlace, DeadLetterQuery, NewDeadLetter, StoredDeadLetter } from './dead-letter.js';
import { sqlName } from './sql-name.js';

const COLUMNS = `tenant_id AS "tenantId", id, channel, consumer_group AS "group", entry_id AS "entryId", coalesce(message_id, '') AS "messageId",
  reason_code AS "reasonCode", reason, deliveries, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt", replays`;

/** Parameters 1 to 3 are those of filterValues. */
const FILTER = `replayed_at IS NULL AND ($1 = '' OR channel = $1) AND ($2 = '' OR consumer_group = $2) AND ($3 = '' OR reason_code = $3)`;

const filterValues = ({ channel = '', group = '', reasonCode = '' }: DeadLetterFilter): string[] => [channel, group, reasonCode];

/** Before every letter there is, newest first. */
const BEGINNING: DeadLetterPlace = { lastSeenAt: new Date(Date.UTC(9999, 0)), id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

/** Keeps dead letters in `<schema>.dead_letter`, made by deadLetterMigration and deadLetterLifeMigration. */
export class DeadLetterStore {
  private readonly table: string;

  constructor(
    private readonly database: Database,
    schema: string,
    private readonly clock: Clock = systemClock,
  ) {
    this.table = `${sqlName(schema)}.dead_letter`;
  }

  /**
   * Stores the letter; the same entry again only counts. An entry whose bytes were replayed goes on as the letter that it was: with its
   * first time, and one more replay. Answers the letter's id.
   */
  async insert(letter: NewDeadLetter): Promise<string> {
    const tenantId = letter.tenantId !== undefined && isUuid(letter.tenantId) ? letter.tenantId : SYSTEM_TENANT_ID;
    const id = deterministicId(tenantId, 'dead-letter', letter.channel, letter.group, letter.entryId);
    await this.database.withTenant(tenantId, (tx) =>
      tx.query(
        'dead_letter_insert',
        `WITH same AS MATERIALIZED (
           SELECT tenant_id, id FROM ${this.table}
            WHERE raw_hash = sha256($7) AND replay_began_at IS NOT NULL AND channel = $3 AND consumer_group = $4 AND id <> $2
            ORDER BY first_seen_at LIMIT 1 FOR UPDATE),
         earlier AS (
           DELETE FROM ${this.table} AS replayed USING same WHERE replayed.tenant_id = same.tenant_id AND replayed.id = same.id
           RETURNING first_seen_at, replays + CASE WHEN replayed_at IS NULL THEN 1 ELSE 0 END AS replays)
         INSERT INTO ${this.table} AS stored (tenant_id, id, channel, consumer_group, entry_id, message_id, raw, reason_code, reason, deliveries, first_seen_at, last_seen_at, replays)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce((SELECT first_seen_at FROM earlier), $11), $11, coalesce((SELECT replays FROM earlier), 0))
         ON CONFLICT (tenant_id, id) DO UPDATE SET deliveries = greatest(stored.deliveries, excluded.deliveries), last_seen_at = excluded.last_seen_at,
           reason_code = excluded.reason_code, reason = excluded.reason, raw = excluded.raw, replayed_at = NULL`,
        [tenantId, id, letter.channel, letter.group, letter.entryId, letter.messageId ?? null, Buffer.from(letter.raw), letter.reasonCode, storable(letter.reason), letter.deliveries, new Date(this.clock.now())],
      ),
    );
    return id;
  }

  /** The tenant's letters, newest first. */
  async list(tenantId: string, query: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    const limit = Math.min(Math.max(query.limit ?? 20, 1), 100);
    const { lastSeenAt, id } = query.after ?? BEGINNING;
    return this.database.withTenant(tenantId, (tx) =>
      tx.query<StoredDeadLetter>(
        'dead_letter_list',
        `SELECT ${COLUMNS} FROM ${this.table}
          WHERE ${FILTER} AND ($4 = '' OR id::text = $4 OR message_id = $4 OR entry_id = $4) AND (last_seen_at, id) < ($5::timestamptz, $6::uuid)
          ORDER BY last_seen_at DESC, id DESC LIMIT $7`,
        [...filterValues(query), storable(query.about ?? ''), lastSeenAt, id, limit],
      ),
    );
  }

  /** How many letters the tenant has, by channel, group and reason; the largest first. */
  async count(tenantId: string, filter: DeadLetterFilter = {}): Promise<DeadLetterCount[]> {
    return this.database.withTenant(tenantId, (tx) =>
      tx.query<DeadLetterCount>(
        'dead_letter_count',
        `SELECT channel, consumer_group AS "group", reason_code AS "reasonCode", count(*)::integer AS count, min(first_seen_at) AS "firstSeenAt", max(last_seen_at) AS "lastSeenAt"
           FROM ${this.table} WHERE ${FILTER} GROUP BY channel, consumer_group, reason_code ORDER BY count(*) DESC, channel, reason_code`,
        filterValues(filter),
      ),
    );
  }

  /** The tenant's letter with this id, and its raw bytes; undefined when there is none. */
  async find(tenantId: string, id: string): Promise<(StoredDeadLetter & { readonly raw: Buffer }) | undefined> {
    if (!isUuid(id)) return undefined;
    const found = await this.database.withTenant(tenantId, (tx) =>
      tx.query<StoredDeadLetter & { readonly raw: Buffer }>('dead_letter_find', `SELECT ${COLUMNS}, raw FROM ${this.table} WHERE id = $1 AND replayed_at IS NULL`, [id]),
    );
    return found[0];
  }
}

/** Postgres takes no NUL in text. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}
