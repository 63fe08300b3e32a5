import type { Database, Statement } from './database.js';
import { sqlName } from './sql-name.js';

/** Letters of all tenants together, by channel. */
export type DeadLettersByChannel = ReadonlyMap<string, number>;

interface Found {
  readonly tenant_id: string;
  readonly id: string;
}

interface ChannelCount {
  readonly channel: string;
  readonly count: number;
}

const TENANTS_AT_ONCE = 500;
const NIL = '00000000-0000-0000-0000-000000000000';

/**
 * What concerns the letters of all tenants. The questions across tenants answer only whose letter there is; counting and deleting is then
 * done as each tenant.
 */
export class DeadLetterCensus {
  private readonly schema: string;

  constructor(
    private readonly database: Database,
    schema: string,
  ) {
    this.schema = sqlName(schema);
  }

  /** How many letters there are, by channel. Its cost is in the number of tenants that have some, and of their letters. */
  async count(): Promise<DeadLettersByChannel> {
    const text = `SELECT channel, count(*)::integer AS count FROM ${this.schema}.dead_letter WHERE replayed_at IS NULL GROUP BY channel`;
    const counts = new Map<string, number>();
    for (let after = NIL, found: Found[] = []; ; after = found.at(-1)?.tenant_id ?? NIL) {
      found = await this.database.query<Found>('dead_letter_tenants', `SELECT tenant_id, id FROM ${this.schema}.dead_letter_tenants($1, $2)`, [after, TENANTS_AT_ONCE]);
      const statements = new Map(found.map(({ tenant_id }) => [tenant_id, [{ name: 'dead_letter_census', text }]]));
      if (found.length > 0) add(counts, await this.database.withTenants<ChannelCount>(statements));
      if (found.length < TENANTS_AT_ONCE) return counts;
    }
  }

  /**
   * Deletes at most `limit` rows of letters last seen before this time, and of replayed ones what was kept of them. Answers how many rows
   * are gone, and how many of them were letters, by channel.
   */
  async expire(before: Date, limit: number): Promise<{ readonly rows: number; readonly letters: DeadLettersByChannel }> {
    const found = await this.database.query<Found>('expired_dead_letters', `SELECT tenant_id, id FROM ${this.schema}.expired_dead_letters($1, $2)`, [before, limit]);
    const letters = new Map<string, number>();
    if (found.length === 0) return { rows: 0, letters };
    const statements = new Map([...Map.groupBy(found, (row) => row.tenant_id)].map(([tenantId, rows]) => [tenantId, [this.expiry(rows.map((row) => row.id), before)]]));
    add(letters, await this.database.withTenants<ChannelCount>(statements));
    return { rows: found.length, letters };
  }

  private expiry(ids: readonly string[], before: Date): Statement {
    return {
      name: 'dead_letter_expire',
      // Seen again in the meantime: then it stays.
      text: `WITH gone AS (DELETE FROM ${this.schema}.dead_letter WHERE id = ANY ($1::uuid[]) AND coalesce(replayed_at, last_seen_at) < $2 RETURNING channel, replayed_at)
        SELECT channel, count(*)::integer AS count FROM gone WHERE replayed_at IS NULL GROUP BY channel`,
      values: [ids, before],
    };
  }
}

function add(counts: Map<string, number>, found: ReadonlyMap<string, ChannelCount[][]>): void {
  for (const { channel, count } of [...found.values()].flat(2)) counts.set(channel, (counts.get(channel) ?? 0) + count);
}
