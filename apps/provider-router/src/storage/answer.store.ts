import { deleteExpired, type Database } from '@nexus/postgres';

/** Which completion: the attempt id that it was asked under is made of its idempotency key. */
export interface KeyedQuestion {
  readonly tenantId: string;
  readonly id: string;
  readonly requestHash: string;
  /** Who waits for the answer: a reply-to. */
  readonly asker: string;
}

/** An answer as it was published, in protobuf. */
export interface KeptAnswer {
  readonly response: Uint8Array;
  /** A stream's server-sent events; undefined for an answer in one piece. */
  readonly events: Uint8Array | undefined;
  /** What the ledger was told; undefined when nobody knows what the call cost. */
  readonly record: Uint8Array | undefined;
}

/** Where a keyed question stands. */
export interface KeyedStanding {
  readonly requestHash: string;
  /** Tries that failed free of charge. */
  readonly tries: number;
  /** Who asked first, and gets the answer. */
  readonly asker: string | undefined;
  readonly answer: KeptAnswer | undefined;
}

interface Row {
  readonly request_hash: string;
  readonly tries: number;
  readonly asker: string | null;
  readonly response: Buffer | null;
  readonly events: Buffer | null;
  readonly record: Buffer | null;
}

const KEPT_DAYS = 7;

/** Keeps the answers to keyed completions in `router.answer` for 7 days, by the database's clock. */
export class AnswerStore {
  constructor(private readonly database: Database) {}

  /** Notes the question, unless it was asked before, and tells where it stands. */
  async begin({ tenantId, id, requestHash, asker }: KeyedQuestion): Promise<KeyedStanding> {
    const row = await this.database.withTenant(tenantId, async (tx) => {
      const [, , rows] = await Promise.all([
        tx.query('answer_forget_expired', 'DELETE FROM router.answer WHERE id = $1 AND expires_at <= now()', [id]),
        tx.query(
          'answer_begin',
          `INSERT INTO router.answer AS stored (tenant_id, id, request_hash, asker, created_at, expires_at)
           VALUES ($1, $2, $3, $4, now(), now() + make_interval(days => ${KEPT_DAYS}))
           ON CONFLICT (tenant_id, id) DO UPDATE SET asker = excluded.asker
             WHERE stored.asker IS NULL AND stored.response IS NULL AND stored.request_hash = excluded.request_hash`,
          [tenantId, id, requestHash, asker],
        ),
        tx.query<Row>('answer_read', 'SELECT request_hash, tries, asker, response, events, record FROM router.answer WHERE id = $1', [id]),
      ]);
      return rows[0] as Row; // inserted or found: nobody deletes what this transaction has written or waited for
    });
    const { response, events, record } = row;
    return {
      requestHash: row.request_hash,
      tries: row.tries,
      asker: row.asker ?? undefined,
      answer: response === null ? undefined : { response, events: events ?? undefined, record: record ?? undefined },
    };
  }

  /** Keeps the answer of a try; the first that is kept stays. */
  async keep({ tenantId, id }: KeyedQuestion, tries: number, { response, events, record }: KeptAnswer): Promise<void> {
    await this.change(tenantId, 'keep', 'UPDATE router.answer SET response = $3, events = $4, record = $5 WHERE id = $1 AND tries = $2 AND response IS NULL', [
      id, tries, Buffer.from(response), events && Buffer.from(events), record && Buffer.from(record),
    ]);
  }

  /** The try failed and cost nothing: the next question is a try of its own. */
  async tryAgain({ tenantId, id }: KeyedQuestion, tries: number): Promise<void> {
    await this.change(tenantId, 'try_again', 'UPDATE router.answer SET tries = tries + 1, asker = NULL WHERE id = $1 AND tries = $2 AND response IS NULL', [id, tries]);
  }

  /** The question was refused and nothing was called: it may be asked anew, as long as nothing was called before also in another way. */
  async forget({ tenantId, id }: KeyedQuestion, tries: number): Promise<void> {
    if (tries === 0) await this.change(tenantId, 'forget', 'DELETE FROM router.answer WHERE id = $1 AND tries = 0 AND response IS NULL', [id]);
    else await this.change(tenantId, 'release', 'UPDATE router.answer SET asker = NULL WHERE id = $1 AND tries = $2 AND response IS NULL', [id, tries]);
  }

  /** Deletes what is older than 7 days, of every tenant. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'router', 'answer');
  }

  private async change(tenantId: string, name: string, text: string, values: readonly unknown[]): Promise<void> {
    await this.database.withTenant(tenantId, (tx) => tx.query(`answer_${name}`, text, values));
  }
}
