import { rolesOf, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The sums of what the ledger says of money, by day, model, client and project: model calls, and tools that cost something. So reports
 * read thousands of rows and not millions. A trigger adds what a statement has inserted, in its transaction: at every commit they are the
 * sums of the rows, whoever wrote those.
 */
export class LedgerSums1763600010100 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(TABLE);
    await runner.query(TRIGGER);
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
      DROP TABLE usage.ledger_sum;`);
  }
}

/**
 * Whose the calls are. Keys, users and agents are not among them: there may be as many of them as there are calls, and then the sums
 * would be as many as the rows.
 */
const LABELS = ['provider', 'model', 'client', 'project'];
/** What is summed, as in the ledger; the buckets are exclusive. */
const SUMS = [
  'cost_micro_usd', 'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'cache_write_1h_tokens', 'output_tokens', 'reasoning_tokens',
  'audio_input_tokens', 'audio_output_tokens', 'images', 'requests',
];

/**
 * The key holds a hash of the labels, which may be longer than an index takes. Sums are updated again and again: no index holds them, and
 * pages have room for the next version.
 */
const TABLE = `
  CREATE TABLE usage.ledger_sum (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    labels bytea NOT NULL,
    -- Which of several rows with these labels: each has one transaction at a time that adds to it.
    slot integer NOT NULL,
    ${LABELS.map((label) => `${label} text NOT NULL`).join(', ')},
    attempts bigint NOT NULL,
    -- Calls that did not succeed, whatever they cost.
    failed bigint NOT NULL,
    -- Rows whose tokens were counted by NEXUS.
    estimated bigint NOT NULL,
    ${SUMS.map((sum) => `${sum} bigint NOT NULL`).join(', ')},
    PRIMARY KEY (tenant_id, day, labels, slot)
  ) WITH (fillfactor = 70);
  ${tenantTable('usage', 'ledger_sum', ['SELECT', 'INSERT', 'UPDATE'])}`;

/** A correction is no call of its own: it adds its differences. A tool stands where a model does, of the provider `tool`. */
function addSums(rows: string, slot: string): string {
  const labels = LABELS.join(', ');
  const counted = ['attempts', 'failed', 'estimated', ...SUMS];
  const names: Readonly<Record<string, string>> = { provider: "CASE l.tool WHEN '' THEN l.provider ELSE 'tool' END", model: "CASE l.tool WHEN '' THEN l.model ELSE l.tool END" };
  return `
    INSERT INTO usage.ledger_sum AS s (tenant_id, day, labels, slot, ${labels}, ${counted.join(', ')})
    SELECT r.tenant_id, r.day, sha256(convert_to(jsonb_build_array(${labels})::text, 'UTF8')), ${slot}, ${labels}, ${counted.map((sum) => `r.${sum}`).join(', ')}
      FROM (SELECT l.tenant_id, l.day, ${LABELS.map((label) => `${names[label] ?? `l.${label}`} AS ${label}`).join(', ')},
                   count(*) FILTER (WHERE l.correction = 0) AS attempts, count(*) FILTER (WHERE l.correction = 0 AND l.result <> 'succeeded') AS failed,
                   count(*) FILTER (WHERE l.is_estimated) AS estimated, ${SUMS.map((sum) => `sum(l.${sum})::bigint AS ${sum}`).join(', ')}
              FROM ${rows} l WHERE l.tool = '' OR l.cost_micro_usd <> 0 GROUP BY ${['tenant_id', 'day', ...LABELS].map((_, i) => i + 1).join(', ')}) r
    ON CONFLICT ON CONSTRAINT ledger_sum_pkey DO UPDATE SET ${counted.map((sum) => `${sum} = s.${sum} + excluded.${sum}`).join(', ')}`;
}

/** More transactions of one tenant than this are never under way at once: two for each replica of usage. */
const SLOTS = 64;

/**
 * A transaction takes the first slot of the tenant that is free and keeps it: none waits for another and no two can wait for each other,
 * whatever else they hold, and there are as many rows for the same labels as there were transactions at once. Beyond the last slot each
 * connection has one of its own.
 */
const TRIGGER = `
  CREATE FUNCTION usage.add_ledger_sums() RETURNS trigger LANGUAGE plpgsql SECURITY INVOKER SET search_path = pg_catalog AS $$
  DECLARE
    v_tenant integer := (SELECT hashtext('sums ' || a.tenant_id::text) FROM added a LIMIT 1);
    v_slot integer := 0;
  BEGIN
    IF v_tenant IS NULL THEN
      RETURN NULL;
    END IF;
    WHILE v_slot < ${SLOTS} AND NOT pg_try_advisory_xact_lock(v_tenant, v_slot) LOOP
      v_slot := v_slot + 1;
    END LOOP;
    IF v_slot = ${SLOTS} THEN
      v_slot := ${SLOTS} + pg_backend_pid();
    END IF;
    ${addSums('added', 'v_slot')};
    RETURN NULL;
  END $$;
  REVOKE ALL ON FUNCTION usage.add_ledger_sums FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION usage.add_ledger_sums TO ${rolesOf('usage').serving};
  CREATE TRIGGER add_sums AFTER INSERT ON usage.ledger REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION usage.add_ledger_sums();
  ALTER TABLE usage.ledger ENABLE ALWAYS TRIGGER add_sums;`;
