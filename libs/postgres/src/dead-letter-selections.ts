import { systemClock, type Clock } from '@nexus/core';
import type { Database, Tx } from './database.js';
import type { DeadLetterPlace, DeadLetterSelection } from './dead-letter.js';
import { sqlName } from './sql-name.js';

/** A letter that is to be published again. */
export interface ReplayedDeadLetter {
  readonly id: string;
  readonly channel: string;
  readonly raw: Buffer;
}

/** Whoever replays a letter for longer than this is taken to be dead, and another may. */
const REPLAY_WITHIN_MS = 30_000;

/** Parameters 1 to 5 are those of selectionValues. */
const SELECTED = `replayed_at IS NULL AND last_seen_at <= $1 AND ($2 = '' OR channel = $2) AND ($3 = '' OR consumer_group = $3) AND ($4 = '' OR reason_code = $4)
  AND (cardinality($5::uuid[]) = 0 OR id = ANY ($5::uuid[]))`;

const selectionValues = ({ seenUntil, channel = '', group = '', reasonCode = '', ids = [] }: DeadLetterSelection): unknown[] => [seenUntil, channel, group, reasonCode, [...ids]];

const BEGINNING: DeadLetterPlace = { lastSeenAt: new Date(0), id: '00000000-0000-0000-0000-000000000000' };

/** What is done to many of a tenant's letters at once. Ids must be UUIDs. */
export class DeadLetterSelections {
  private readonly table: string;

  constructor(
    private readonly database: Database,
    schema: string,
    private readonly clock: Clock = systemClock,
  ) {
    this.table = `${sqlName(schema)}.dead_letter`;
  }

  async count(tenantId: string, selection: DeadLetterSelection): Promise<number> {
    const [row] = await this.query<{ count: number }>(tenantId, 'dead_letter_selected', `SELECT count(*)::integer AS count FROM ${this.table} WHERE ${SELECTED}`, selectionValues(selection));
    return row?.count ?? 0;
  }

  /** The first of those selected, oldest first, that come after a place. */
  page(tenantId: string, selection: DeadLetterSelection, limit: number, after = BEGINNING): Promise<DeadLetterPlace[]> {
    return this.query<DeadLetterPlace>(
      tenantId, 'dead_letter_page',
      `SELECT id, last_seen_at AS "lastSeenAt" FROM ${this.table} WHERE ${SELECTED} AND (last_seen_at, id) > ($6::timestamptz, $7::uuid) ORDER BY last_seen_at, id LIMIT $8`,
      [...selectionValues(selection), after.lastSeenAt, after.id, limit],
    );
  }

  /** Takes letters to publish them again, in the order of their ids here; those that another replay has taken are left to it. */
  async beginReplay(tenantId: string, ids: readonly string[]): Promise<ReplayedDeadLetter[]> {
    const now = this.clock.now();
    const taken = await this.query<ReplayedDeadLetter>(
      tenantId, 'dead_letter_begin_replay',
      `UPDATE ${this.table} SET replay_began_at = $2, raw_hash = sha256(raw)
        WHERE id = ANY ($1::uuid[]) AND replayed_at IS NULL AND (replay_began_at IS NULL OR replay_began_at < $3) RETURNING id, channel, raw`,
      [[...ids], new Date(now), new Date(now - REPLAY_WITHIN_MS)],
    );
    const places = new Map(ids.map((id, place) => [id, place]));
    return taken.sort((a, b) => (places.get(a.id) ?? 0) - (places.get(b.id) ?? 0));
  }

  /** They were published again, and are letters no more: of each only its first time and a hash stay, until it would have expired. */
  async endReplay(tenantId: string, ids: readonly string[]): Promise<void> {
    await this.query(
      tenantId, 'dead_letter_end_replay',
      `UPDATE ${this.table} SET replayed_at = $2, replays = replays + 1, raw = '' WHERE id = ANY ($1::uuid[]) AND replay_began_at IS NOT NULL AND replayed_at IS NULL`,
      [[...ids], new Date(this.clock.now())],
    );
  }

  /** They could not be published, and stay letters. */
  async abandonReplay(tenantId: string, ids: readonly string[]): Promise<void> {
    await this.query(tenantId, 'dead_letter_abandon_replay', `UPDATE ${this.table} SET replay_began_at = NULL, raw_hash = NULL WHERE id = ANY ($1::uuid[]) AND replayed_at IS NULL`, [[...ids]]);
  }

  /** Deletes at most `limit` of those selected, oldest first; answers how many. */
  async purge(tenantId: string, selection: DeadLetterSelection, limit: number): Promise<number> {
    const gone = await this.query(
      tenantId, 'dead_letter_purge',
      `WITH oldest AS MATERIALIZED (SELECT tenant_id, id FROM ${this.table} WHERE ${SELECTED} ORDER BY last_seen_at, id LIMIT $6)
       DELETE FROM ${this.table} AS letter USING oldest WHERE letter.tenant_id = oldest.tenant_id AND letter.id = oldest.id RETURNING letter.id`,
      [...selectionValues(selection), limit],
    );
    return gone.length;
  }

  private query<R extends object>(tenantId: string, name: string, text: string, values: readonly unknown[]): Promise<R[]> {
    return this.database.withTenant(tenantId, (tx: Tx) => tx.query<R>(name, text, values));
  }
}
