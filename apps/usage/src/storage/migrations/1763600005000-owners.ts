import { SYSTEM_TENANT_ID } from '@nexus/core';
import { finderFunction, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { openAttempts } from './1763600002000-open-attempts.js';
import { batchFunction } from './batch-function.js';

/**
 * Who has open attempts, and whether it is alive. An attempt that another owner asks for becomes UNKNOWN only when its own is gone. Times
 * of owners are the database's: what is compared across replicas must not depend on their clocks.
 */
export class Owners1763600005000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(OWNER);
    await runner.query(UNSETTLED);
    for (const finder of FINDERS) await runner.query(finder);
    await runner.query(IS_ALIVE);
    await runner.query(MARK_UNKNOWN);
    await runner.query('DROP FUNCTION usage.open_attempts');
    await runner.query(openAttempts({ statements: ASKED_AGAIN, columns: ', held_by text', none: ', NULL::text' }));
  }

  async down(): Promise<void> {
    throw new Error('attempts that became unknown since cannot be told from the others any more');
  }
}

/** Rows of the system tenant. */
const OWNER = `
  CREATE TABLE usage.owner (
    tenant_id uuid NOT NULL,
    owner text NOT NULL,
    replica text NOT NULL,
    started_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, owner)
  );
  ${tenantTable('usage', 'owner', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}`;

/** The index holds what is under way and what is unknown, and so stays small. It costs the settlement its HOT update. */
const UNSETTLED = `
  ALTER TABLE usage.attempt
    -- When it became unknown, ever.
    ADD COLUMN unknown_at timestamptz,
    -- It is handed out for its resolution from then on.
    ADD COLUMN resolve_after timestamptz,
    -- How often it was.
    ADD COLUMN resolutions integer NOT NULL DEFAULT 0;
  CREATE INDEX attempt_unsettled ON usage.attempt (owner, opened_at) WHERE state IN ('open', 'unknown');`;

const FINDERS = [
  finderFunction({
    schema: 'usage', name: 'own_attempts', parameters: 'p_owner text, p_before timestamptz, p_limit integer', table: 'attempt', columns: ['state', 'owner', 'opened_at'],
    query: "SELECT a.tenant_id, a.id FROM usage.attempt a WHERE a.state = 'open' AND a.owner = p_owner AND a.opened_at < p_before ORDER BY a.opened_at LIMIT p_limit",
  }),
  finderFunction({
    schema: 'usage', name: 'orphaned_attempts', parameters: 'p_alive text[], p_before timestamptz, p_limit integer', table: 'attempt', columns: [],
    query: "SELECT a.tenant_id, a.id FROM usage.attempt a WHERE a.state = 'open' AND a.owner <> ALL (p_alive) AND a.opened_at < p_before LIMIT p_limit",
  }),
  finderFunction({
    schema: 'usage', name: 'unresolved_attempts', parameters: 'p_limit integer', table: 'attempt', columns: ['resolve_after'],
    query: "SELECT a.tenant_id, a.id FROM usage.attempt a WHERE a.state = 'unknown' AND coalesce(a.resolve_after, '-infinity') <= now() ORDER BY a.resolve_after NULLS FIRST LIMIT p_limit",
  }),
];

/** Whether this life of a replica reported not long ago, and no later one has. Leaves the tenant as p_tenant. */
const IS_ALIVE = batchFunction({
  name: 'is_alive',
  isInner: true,
  parameters: 'p_owner text, p_tenant uuid',
  returns: 'boolean',
  body: `
    DECLARE
      v_is_alive boolean;
    BEGIN
      PERFORM set_config('app.tenant_id', '${SYSTEM_TENANT_ID}', true);
      SELECT EXISTS (
        SELECT FROM usage.owner o WHERE o.owner = p_owner AND o.expires_at > clock_timestamp()
           AND NOT EXISTS (SELECT FROM usage.owner later WHERE later.replica = o.replica AND later.started_at > o.started_at)) INTO v_is_alive;
      PERFORM set_config('app.tenant_id', p_tenant::text, true);
      RETURN v_is_alive;
    END`,
});

/**
 * usage.mark_unknown: open attempts whose owner does not know them any more. With p_owner those that it says so of; without, those
 * whose owner is gone. In: tenants ascend, ids ascend within a tenant. Out: how many there were of each tenant.
 */
const MARK_UNKNOWN = batchFunction({
  name: 'mark_unknown',
  parameters: 'p_owner text, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[]',
  returns: 'TABLE (tenant_id uuid, marked integer)',
  body: `
    DECLARE
      v_state text;
      v_owner text;
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        tenant_id := p_tenants[k]; marked := 0;
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        FOR i IN p_first[k] .. p_last[k] LOOP
          SELECT x.state, x.owner INTO v_state, v_owner FROM usage.attempt x WHERE x.id = p_ids[i] FOR UPDATE;
          CONTINUE WHEN v_state IS DISTINCT FROM 'open' OR CASE WHEN p_owner IS NULL THEN usage.is_alive(v_owner, p_tenants[k]) ELSE v_owner <> p_owner END;
          UPDATE usage.attempt x SET state = 'unknown', unknown_at = clock_timestamp(), resolve_after = clock_timestamp() WHERE x.id = p_ids[i];
          marked := marked + 1;
        END LOOP;
        RETURN NEXT;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});

const ASKED_AGAIN = `
            SELECT x.owner INTO held_by FROM usage.attempt x WHERE x.id = v_existing.id;
            IF held_by = v_existing.owner THEN
              held_by := '';
            ELSIF NOT usage.is_alive(held_by, p_tenants[k]) THEN
              held_by := '';
              -- Its owner is gone, and may have called the provider: the reservation stays until somebody knows.
              UPDATE usage.attempt x SET state = 'unknown', unknown_at = clock_timestamp(), resolve_after = clock_timestamp()
               WHERE x.id = v_existing.id AND x.state = 'open' AND x.owner <> v_existing.owner;
            END IF;
            RETURN QUERY SELECT x.id, CASE x.state WHEN 'open' THEN 'in_flight' ELSE x.state END, x.granted_output_tokens, g.name, g.period, x.day, held_by
              FROM usage.attempt x LEFT JOIN usage.budget g ON g.id = x.refused_by WHERE x.id = v_existing.id;`;

