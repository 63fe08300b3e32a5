import { newId } from '@nexus/core';
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
  /** Names this one asking, as the one that had the question for itself when it began. */
  readonly holder: string;
  /** Nothing stood under its key before, or not for 7 days. */
  readonly isNew: boolean;
  readonly answer: KeptAnswer | undefined;
}

interface Row {
  readonly request_hash: string;
  readonly tries: number;
  readonly asker: string | null;
  readonly is_new: boolean;
  readonly response: Buffer | null;
  readonly events: Buffer | null;
  readonly record: Buffer | null;
}

const KEPT_DAYS = 7;
/** The key is open to any question, but what was asked for under it is not asked for again: the ledger may have it. */
const NEXT_OF_ANY = "tries = tries + 1, request_hash = '', asker = NULL, holder = NULL";

/** Keeps the answers to keyed completions in `router.answer` for 7 days, by the database's clock. */
export class AnswerStore {
  constructor(private readonly database: Database) {}

  /**
   * Notes the question, unless it was asked before, and tells where it stands. Who finds none before it, or one that was given back, holds
   * it until somebody else begins, be it the same message on its next delivery: then two may call, and nobody holds it.
   */
  async begin({ tenantId, id, requestHash, asker }: KeyedQuestion): Promise<KeyedStanding> {
    const holder = newId();
    const row = await this.database.withTenant(tenantId, async (tx) => {
      const [, , rows] = await Promise.all([
        tx.query('answer_forget_expired', 'DELETE FROM router.answer WHERE id = $1 AND expires_at <= now()', [id]),
        tx.query(
          'answer_begin',
          `INSERT INTO router.answer AS stored (tenant_id, id, request_hash, asker, holder, created_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, now(), now() + make_interval(days => ${KEPT_DAYS}))
           ON CONFLICT (tenant_id, id) DO UPDATE SET request_hash = excluded.request_hash,
               asker = coalesce(stored.asker, excluded.asker), holder = CASE WHEN stored.asker IS NULL THEN excluded.holder END
             WHERE stored.response IS NULL AND stored.request_hash IN ('', excluded.request_hash)`,
          [tenantId, id, requestHash, asker, holder],
        ),
        tx.query<Row>('answer_read', 'SELECT request_hash, tries, asker, created_at = now() AND holder = $2 AS is_new, response, events, record FROM router.answer WHERE id = $1', [id, holder]),
      ]);
      return rows[0] as Row; // inserted or found: nobody deletes what this transaction has written or waited for
    });
    const { response, events, record } = row;
    return {
      requestHash: row.request_hash,
      tries: row.tries,
      asker: row.asker ?? undefined,
      holder,
      isNew: row.is_new,
      answer: response === null ? undefined : { response, events: events ?? undefined, record: record ?? undefined },
    };
  }

  /** Keeps the answer of a try, also when the question is gone; the first that is kept stays. False: another question or another try has its place. */
  async keep({ tenantId, id, requestHash, asker }: KeyedQuestion, tries: number, { response, events, record }: KeptAnswer): Promise<boolean> {
    return this.change(
      tenantId, 'keep',
      `INSERT INTO router.answer AS stored (tenant_id, id, request_hash, tries, asker, response, events, record, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, now(), now() + make_interval(days => ${KEPT_DAYS}))
       ON CONFLICT (tenant_id, id) DO UPDATE SET response = coalesce(stored.response, excluded.response),
           events = CASE WHEN stored.response IS NULL THEN excluded.events ELSE stored.events END,
           record = CASE WHEN stored.response IS NULL THEN excluded.record ELSE stored.record END
         WHERE stored.request_hash = excluded.request_hash AND stored.tries = excluded.tries
       RETURNING id`,
      [tenantId, id, requestHash, tries, asker, Buffer.from(response), events && Buffer.from(events), record && Buffer.from(record)],
    );
  }

  /** The try failed and cost nothing: the next question is a try of its own. Whoever made it may say so: nobody else made the same. */
  async tryAgain({ tenantId, id, requestHash }: KeyedQuestion, tries: number): Promise<void> {
    await this.change(tenantId, 'try_again', 'UPDATE router.answer SET tries = tries + 1, asker = NULL, holder = NULL WHERE id = $1 AND tries = $2 AND request_hash = $3 AND response IS NULL RETURNING id', [id, tries, requestHash]);
  }

  /** The attempt of this try belongs to an older question under the key: this one goes on with the next. False: somebody else has gone on. */
  skip({ tenantId, id, requestHash }: KeyedQuestion, tries: number): Promise<boolean> {
    return this.change(tenantId, 'skip', 'UPDATE router.answer SET tries = tries + 1 WHERE id = $1 AND tries = $2 AND request_hash = $3 AND response IS NULL RETURNING id', [id, tries, requestHash]);
  }

  /** The ledger refused this try, for whoever asks: the next question, which may be another one, is a try of its own. */
  async refuse({ tenantId, id, requestHash }: KeyedQuestion, tries: number): Promise<void> {
    await this.change(tenantId, 'refuse', `UPDATE router.answer SET ${NEXT_OF_ANY} WHERE id = $1 AND tries = $2 AND request_hash = $3 AND response IS NULL RETURNING id`, [id, tries, requestHash]);
  }

  /** The ledger may have the attempt of this try, but nobody called: as `refuse`, unless somebody else has begun since, or had before. */
  async abandon({ tenantId, id }: KeyedQuestion, { holder }: KeyedStanding): Promise<void> {
    await this.change(tenantId, 'abandon', `UPDATE router.answer SET ${NEXT_OF_ANY} WHERE id = $1 AND holder = $2 AND response IS NULL RETURNING id`, [id, holder]);
  }

  /**
   * The question was refused and nothing was called: it may be asked anew, as long as nothing was called before also in another way.
   * Nothing happens when somebody else has begun since, or had before: they may be calling.
   */
  async forget({ tenantId, id }: KeyedQuestion, { tries, holder }: KeyedStanding): Promise<void> {
    if (tries === 0) await this.change(tenantId, 'forget', 'DELETE FROM router.answer WHERE id = $1 AND holder = $2 AND response IS NULL RETURNING id', [id, holder]);
    else await this.change(tenantId, 'release', 'UPDATE router.answer SET asker = NULL, holder = NULL WHERE id = $1 AND holder = $2 AND response IS NULL RETURNING id', [id, holder]);
  }

  /** Deletes what is older than 7 days, of every tenant. Answers how many. */
  prune(): Promise<number> {
    return deleteExpired(this.database, 'router', 'answer');
  }

  /** False: it met no row. */
  private async change(tenantId: string, name: string, text: string, values: readonly unknown[]): Promise<boolean> {
    const rows = await this.database.withTenant(tenantId, (tx) => tx.query<{ id: string }>(`answer_${name}`, text, values));
    return rows.length > 0;
  }
}
