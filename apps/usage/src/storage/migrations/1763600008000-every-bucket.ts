import { rolesOf, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A ledger row is an entry, numbered as they are written: what an index on random ids of attempts would cost more and more with every row, costs
 * the same for ever. That an attempt has one entry is what its own row is for, which need not be kept as long.
 *
 * The ledger keeps each exclusive bucket of what a call used, and its price; `output_tokens` holds no reasoning any more, nor audio. It also
 * keeps who asked below the tenant, what was asked for and why this model was called. Attempts keep the prices and the labels.
 */
export class EveryBucket1763600008000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(COLUMNS);
    // Row-level security and the trigger hold for the owner too; both stand again before anybody sees the table.
    await runner.query(ROWS);
    await runner.query(KEYS);
  }

  async down(): Promise<void> {
    throw new Error('what the buckets hold has no place in the ledger as it was');
  }
}

const PRICES = `
    ADD COLUMN cache_write_1h_price bigint NOT NULL DEFAULT 0,
    ADD COLUMN reasoning_price bigint NOT NULL DEFAULT 0,
    ADD COLUMN audio_input_price bigint NOT NULL DEFAULT 0,
    ADD COLUMN audio_output_price bigint NOT NULL DEFAULT 0,
    ADD COLUMN image_price bigint NOT NULL DEFAULT 0,
    ADD COLUMN request_price bigint NOT NULL DEFAULT 0,
    -- Which prices these are; empty when they have no date.
    ADD COLUMN price_version text NOT NULL DEFAULT ''`;

const LABELS = `
    ADD COLUMN user_label text NOT NULL DEFAULT '',
    ADD COLUMN agent text NOT NULL DEFAULT '',
    ADD COLUMN thread_id text NOT NULL DEFAULT ''`;

const COLUMNS = `
  ALTER TABLE usage.attempt ${PRICES}, ${LABELS},
    -- Once settled: how it ended.
    ADD COLUMN result text CHECK (result IN ('succeeded', 'failed', 'not_sent', 'cancelled')),
    -- Its place in the ledger, and that of what corrects it.
    ADD COLUMN entry bigint,
    ADD COLUMN corrected_by bigint;
  ALTER TABLE usage.ledger ${PRICES}, ${LABELS},
    ADD COLUMN cache_write_1h_tokens bigint NOT NULL DEFAULT 0,
    ADD COLUMN audio_input_tokens bigint NOT NULL DEFAULT 0,
    ADD COLUMN audio_output_tokens bigint NOT NULL DEFAULT 0,
    -- By the piece; their prices are for a million pieces.
    ADD COLUMN images bigint NOT NULL DEFAULT 0,
    ADD COLUMN requests bigint NOT NULL DEFAULT 0,
    ADD COLUMN step integer NOT NULL DEFAULT 0,
    -- What was asked for: a model, a tier or auto; and why this model was called, in words.
    ADD COLUMN requested text NOT NULL DEFAULT '',
    ADD COLUMN route text NOT NULL DEFAULT '',
    ADD COLUMN opened_at timestamptz,
    ADD COLUMN entry bigint;`;

const ROWS = `
  CREATE SEQUENCE usage.ledger_entry;
  GRANT USAGE ON SEQUENCE usage.ledger_entry TO ${rolesOf('usage').serving};
  -- Tools have no attempt: what was executed and is in the ledger already.
  CREATE TABLE usage.tool_execution (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    settled_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
  );

  ALTER TABLE usage.ledger NO FORCE ROW LEVEL SECURITY, DISABLE TRIGGER append_only;
  ALTER TABLE usage.attempt NO FORCE ROW LEVEL SECURITY;
  UPDATE usage.ledger l
     SET entry = n.entry, opened_at = coalesce(n.opened_at, l.finished_at - l.duration_ms * interval '1 millisecond'), step = coalesce(n.step, 0),
         output_tokens = l.output_tokens - l.reasoning_tokens, cache_write_1h_price = l.cache_write_price, reasoning_price = l.output_price,
         audio_input_price = l.input_price, audio_output_price = l.output_price
    FROM (SELECT x.tenant_id, x.attempt_id, x.correction, a.opened_at, a.step, row_number() OVER (ORDER BY x.settled_at, x.attempt_id, x.correction) AS entry
            FROM usage.ledger x LEFT JOIN usage.attempt a ON a.tenant_id = x.tenant_id AND a.id = x.attempt_id) n
   WHERE n.tenant_id = l.tenant_id AND n.attempt_id = l.attempt_id AND n.correction = l.correction;
  SELECT setval('usage.ledger_entry', greatest(count(*), 1), count(*) > 0) FROM usage.ledger;
  UPDATE usage.attempt SET cache_write_1h_price = cache_write_price, reasoning_price = output_price, audio_input_price = input_price, audio_output_price = output_price;
  UPDATE usage.attempt a SET result = l.result, entry = l.entry, day = l.day, corrected_by = l.corrected_by
    FROM (SELECT x.tenant_id, x.attempt_id, min(x.entry) FILTER (WHERE x.correction = 0) AS entry, min(x.day) AS day,
                 (array_agg(x.result ORDER BY x.correction DESC))[1] AS result, min(x.entry) FILTER (WHERE x.correction = 1) AS corrected_by
            FROM usage.ledger x WHERE x.tool = '' GROUP BY x.tenant_id, x.attempt_id) l
   WHERE a.state = 'settled' AND l.tenant_id = a.tenant_id AND l.attempt_id = a.id;
  INSERT INTO usage.tool_execution SELECT l.tenant_id, l.attempt_id, l.settled_at FROM usage.ledger l WHERE l.tool <> '';
  ALTER TABLE usage.attempt FORCE ROW LEVEL SECURITY;
  -- ALWAYS: also while a session replays as a replica.
  ALTER TABLE usage.ledger FORCE ROW LEVEL SECURITY, ENABLE ALWAYS TRIGGER append_only, ENABLE ALWAYS TRIGGER append_only_truncate;
  ${tenantTable('usage', 'tool_execution', ['SELECT', 'INSERT'])}`;

/**
 * Keys grow at their ends. Ids of runs and of attempts are random: a filter for each 64 pages says which are surely not there, which costs a
 * row next to nothing, and a question reads these filters and then a few pages. Runs have attempts that are under way, which are few, and
 * refused ones; the others are in the ledger.
 */
const KEYS = `
  ALTER TABLE usage.ledger
    DROP CONSTRAINT ledger_pkey,
    ALTER COLUMN entry SET NOT NULL,
    ALTER COLUMN opened_at SET NOT NULL,
    ADD CONSTRAINT ledger_pkey PRIMARY KEY (tenant_id, day, entry);
  DROP INDEX usage.ledger_by_day;
  CREATE INDEX ledger_ids ON usage.ledger USING brin (run_id uuid_bloom_ops, attempt_id uuid_bloom_ops) WITH (pages_per_range = 64, autosummarize = on);
  DROP INDEX usage.attempt_of_run;
  CREATE INDEX attempt_refused_of_run ON usage.attempt (tenant_id, run_id) WHERE state = 'refused';`;
