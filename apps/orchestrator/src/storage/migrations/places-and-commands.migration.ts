import { SYSTEM_TENANT_ID } from '@nexus/core';
import { expiringRows, tenantTable } from '@nexus/postgres';
import type { QueryRunner } from 'typeorm';

/**
 * How places of surfaces stand, and the commands that changed them. accept_command stores a command with its answer and what it changes, while the
 * lease on the partition is held (see accept_batch): so the one process that holds it may remember places.
 */
export class PlacesAndCommands1764900200000 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE orchestrator.place (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        surface text NOT NULL,
        chat_id text NOT NULL,
        topic_id text NOT NULL,
        generation integer NOT NULL,
        model text NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      COMMENT ON COLUMN orchestrator.place.generation IS 'how often somebody began anew there: each has a thread of its own';
      COMMENT ON COLUMN orchestrator.place.model IS 'what answers there; empty is the agent''s own';
      ${tenantTable('orchestrator', 'place', ['SELECT', 'INSERT', 'UPDATE'])}

      CREATE TABLE orchestrator.command (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        answer bytea NOT NULL,
        waiting uuid[] NOT NULL,
        active uuid[] NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      );
      COMMENT ON COLUMN orchestrator.command.answer IS 'nexus.run.v1.ProcessedRequest';
      COMMENT ON COLUMN orchestrator.command.waiting IS 'the runs that it ends before they begin';
      COMMENT ON COLUMN orchestrator.command.active IS 'the runs that it ends, after those that wait for them';
      ${tenantTable('orchestrator', 'command', ['SELECT', 'INSERT', 'DELETE'])}
      ${expiringRows('orchestrator', 'command')}

      CREATE FUNCTION orchestrator.load_places(p_tenants uuid[], p_places uuid[]) RETURNS TABLE (place integer, generation integer, model text) LANGUAGE plpgsql AS $$
      #variable_conflict use_column
      BEGIN
        FOR i IN 1 .. coalesce(cardinality(p_places), 0) LOOP
          PERFORM set_config('app.tenant_id', p_tenants[i]::text, true);
          RETURN QUERY SELECT i, p.generation, p.model FROM orchestrator.place p WHERE p.tenant_id = p_tenants[i] AND p.id = p_places[i];
        END LOOP;
        PERFORM set_config('app.tenant_id', '', true);
      END $$;

      CREATE FUNCTION orchestrator.accept_command(
        p_partition integer, p_epoch bigint, p_now timestamptz, p_tenant uuid, p_command uuid, p_answer bytea, p_waiting uuid[], p_active uuid[],
        p_place uuid, p_surface text, p_chat text, p_topic text, p_generation integer, p_model text
      ) RETURNS boolean LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('orchestrator.partition_lease', p_partition));
        PERFORM set_config('app.tenant_id', '${SYSTEM_TENANT_ID}', true);
        PERFORM FROM orchestrator.partition_lease l WHERE l.tenant_id = '${SYSTEM_TENANT_ID}' AND l.partition = p_partition AND l.epoch = p_epoch;
        IF NOT FOUND THEN RETURN false; END IF;

        PERFORM set_config('app.tenant_id', p_tenant::text, true);
        INSERT INTO orchestrator.command (tenant_id, id, answer, waiting, active, expires_at)
          VALUES (p_tenant, p_command, p_answer, p_waiting, p_active, now() + interval '30 days') ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN RETURN false; END IF;
        IF p_place IS NOT NULL THEN
          INSERT INTO orchestrator.place (tenant_id, id, surface, chat_id, topic_id, generation, model, updated_at)
            VALUES (p_tenant, p_place, p_surface, p_chat, p_topic, p_generation, p_model, p_now)
            ON CONFLICT (tenant_id, id) DO UPDATE SET generation = excluded.generation, model = excluded.model, updated_at = excluded.updated_at;
        END IF;
        PERFORM set_config('app.tenant_id', '', true);
        RETURN true;
      END $$;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION orchestrator.accept_command; DROP FUNCTION orchestrator.load_places; DROP FUNCTION orchestrator.expired_command(integer);
      DROP TABLE orchestrator.command; DROP TABLE orchestrator.place;`);
  }
}
