import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { RoutingSchema, UsageRecordedSchema, type Routing, type UsageRecorded } from '@nexus/contracts';
import { deleteExpired, type Database } from '@nexus/postgres';

/** How far a request has come. */
export interface ChainNote {
  /** Number of the attempt that comes next: those before it have ended, and cost nothing. */
  readonly next: number;
  /** `provider/model` of the attempt that comes next. */
  readonly model: string;
  /** With the models that were tried. */
  readonly routing: Routing;
  /** What the ledger is to hear of the attempts that ended. */
  readonly records: readonly UsageRecorded[];
}

interface Row {
  readonly next: number;
  readonly model: string;
  readonly routing: Buffer;
  readonly records: readonly Buffer[];
}

/** A request that nobody has gone on with for so long has ended. */
const KEPT = "interval '1 day'";

/**
 * Notes in `router.chain` of requests whose first attempt failed. Only what stands here is gone on with by another life of a replica: an
 * attempt that the ledger calls failed, without a note, was the last word of its request, and may have cost something.
 */
export class ChainStore {
  constructor(private readonly database: Database) {}

  /** The furthest note stays. */
  async note(tenantId: string, id: string, { next, model, routing, records }: ChainNote): Promise<void> {
    await this.database.withTenant(tenantId, (tx) => tx.query(
      'chain_note',
      `INSERT INTO router.chain AS c (tenant_id, id, next, model, routing, records, expires_at) VALUES ($1, $2, $3, $4, $5, $6, now() + ${KEPT})
       ON CONFLICT (tenant_id, id) DO UPDATE SET next = excluded.next, model = excluded.model, routing = excluded.routing, records = excluded.records, expires_at = excluded.expires_at
         WHERE c.next < excluded.next`,
      [tenantId, id, next, model, Buffer.from(toBinary(RoutingSchema, routing)), records.map((record) => Buffer.from(toBinary(UsageRecordedSchema, record)))],
    ));
  }

  async find(tenantId: string, id: string): Promise<ChainNote | undefined> {
    const [row] = await this.database.withTenant(tenantId, (tx) => tx.query<Row>('chain_find', 'SELECT next, model, routing, records FROM router.chain WHERE id = $1', [id]));
    return row && { next: row.next, model: row.model, routing: fromBinary(RoutingSchema, row.routing), records: row.records.map((record) => fromBinary(UsageRecordedSchema, record)) };
  }

  /** Deletes what is older than a day, of every tenant. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'router', 'chain');
  }
}
