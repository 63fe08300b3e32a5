import { rolesOf, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The sums of the ledger's model calls by day and by whose they are, so that reports read thousands of rows and not millions. A trigger
 * adds what a statement has inserted, in its transaction: at every commit they are the sums of the rows, whoever wrote those.
 */
export class LedgerSums1763600100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
    await runner.query(TRIGGER);
    await runner.query(INDEXES);
    // Row-level security holds for the owner too; it stands again before anybody sees the tables.
    await runner.query(`
      ALTER TABLE usage.ledger NO FORCE ROW LEVEL SECURITY;
      ALTER TABLE usage.ledger_sum NO FORCE ROW LEVEL SECURITY;
      ${addSums('usage.ledger', '0')};
      ALTER TABLE usage.ledger FORCE ROW LEVEL SECURITY;
      ALTER TABLE usage.ledger_sum FORCE ROW LEVEL SECURITY;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER add_sums ON usage.ledger;
      DROP FUNCTION usage.add_ledger_sums;
      DROP TABLE usage.ledger_sum;
      DROP INDEX usage.ledger_newest, usage.ledger_of_run;
      CREATE INDEX ledger_by_day ON usage.ledger (tenant_id, day);`);
  }
}

/** Whose the calls are. */
const LABELS = ['provider', 'model', 'client', 'project', 'key_id', 'user_label', 'agent'];
/** What is summed, as in the ledger; the buckets are exclusive. */
const SUMS = [
  'cost_micro_usd', 'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens', 'reasoning_tokens',
  'audio_input_tokens', 'audio_output_tokens', 'images', 'requests', 'duration_ms',
];

/**
 * Each connection adds to rows of its own, so that none waits for another and no two can wait for each other. The key holds a hash of the
 * labels, which may be longer than an index takes. Sums are updated again and again: no index holds them, and pages have room for the
 * next version.
 */
const TABLE = `
  CREATE TABLE usage.ledger_sum (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    labels bytea NOT NULL,
    -- Process of the connection that adds to this row; 0 for what was there before.
    writer integer NOT NULL,
    ${LABELS.map((label) => `${label} text NOT NULL`).join(', ')},
    attempts bigint NOT NULL,
    -- Calls that did not succeed, whatever they cost.
    failed bigint NOT NULL,
    -- Rows whose tokens were counted by NEXUS.
    estimated bigint NOT NULL,
    ${SUMS.map((sum) => `${sum} bigint NOT NULL`).join(', ')},
    PRIMARY KEY (tenant_id, day, labels, writer)
  ) WITH (fillfactor = 70);
  ${tenantTable('usage', 'ledger_sum', ['SELECT', 'INSERT', 'UPDATE'])}`;

/** A correction is no call of its own: it adds its differences. */
function addSums(rows: string, writer: string): string {
  const labels = LABELS.join(', ');
  const counted = ['attempts', 'failed', 'estimated', ...SUMS];
  return `
    INSERT INTO usage.ledger_sum AS s (tenant_id, day, labels, writer, ${labels}, ${counted.join(', ')})
    SELECT r.tenant_id, r.day, sha256(convert_to(jsonb_build_array(${labels})::text, 'UTF8')), ${writer}, ${labels}, ${counted.map((sum) => `r.${sum}`).join(', ')}
      FROM (SELECT l.tenant_id, l.day, ${LABELS.map((label) => `l.${label}`).join(', ')},
                   count(*) FILTER (WHERE l.correction = 0) AS attempts, count(*) FILTER (WHERE l.correction = 0 AND l.result <> 'succeeded') AS failed,
                   count(*) FILTER (WHERE l.is_estimated) AS estimated, ${SUMS.map((sum) => `sum(l.${sum})::bigint AS ${sum}`).join(', ')}
              FROM ${rows} l WHERE l.tool = '' GROUP BY l.tenant_id, l.day, ${LABELS.map((label) => `l.${label}`).join(', ')}) r
    ON CONFLICT ON CONSTRAINT ledger_sum_pkey DO UPDATE SET ${counted.map((sum) => `${sum} = s.${sum} + excluded.${sum}`).join(', ')}`;
}

const TRIGGER = `
  CREATE FUNCTION usage.add_ledger_sums() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog AS $$
  BEGIN
    ${addSums('added', 'pg_backend_pid()')};
    RETURN NULL;
  END $$;
  REVOKE ALL ON FUNCTION usage.add_ledger_sums FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION usage.add_ledger_sums TO ${rolesOf('usage').serving};
  CREATE TRIGGER add_sums AFTER INSERT ON usage.ledger REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION usage.add_ledger_sums();
  ALTER TABLE usage.ledger ENABLE ALWAYS TRIGGER add_sums;`;

/** Pages of the ledger, newest first, and the calls of a run. */
const INDEXES = `
  DROP INDEX usage.ledger_by_day;
  CREATE INDEX ledger_newest ON usage.ledger (tenant_id, day, settled_at, attempt_id, correction);
  CREATE INDEX ledger_of_run ON usage.ledger (tenant_id, run_id) WHERE run_id IS NOT NULL;`;
