import { finderFunction, tenantTable } from '@nexus/postgres';
import type { QueryRunner } from 'typeorm';

/**
 * Threads, runs and their events. There are no foreign keys: only the functions of the next migration write these tables, and a key
 * check would lock and log a row for every event. A run's id is made from its tenant and message id, so its primary key is also what
 * keeps a message from starting two runs: an index of message ids would say the same again.
 */
export class Schema1763700000001 {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE orchestrator.thread (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        last_seq integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        archived_at timestamptz,
        surface text NOT NULL DEFAULT '',
        client text NOT NULL DEFAULT '',
        project text NOT NULL DEFAULT '',
        title text NOT NULL DEFAULT '',
        PRIMARY KEY (tenant_id, id)
      ) WITH (fillfactor = 85);
      CREATE INDEX thread_newest ON orchestrator.thread (tenant_id, created_at, id);
      ${tenantTable('orchestrator', 'thread', ['SELECT', 'INSERT', 'UPDATE'])}

      CREATE TABLE orchestrator.run (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        thread_id uuid NOT NULL,
        thread_seq integer NOT NULL,
        queued_behind integer NOT NULL,
        limit_ms integer NOT NULL,
        created_at timestamptz NOT NULL,
        message_id text NOT NULL,
        correlation_id text,
        epoch integer NOT NULL DEFAULT 1,
        status smallint NOT NULL CHECK (status BETWEEN 1 AND 5),
        reply_due boolean NOT NULL DEFAULT false,
        expires_at timestamptz,
        started_at timestamptz,
        finished_at timestamptz,
        PRIMARY KEY (tenant_id, id)
      ) WITH (fillfactor = 85);
      COMMENT ON COLUMN orchestrator.run.status IS 'nexus.run.v1.RunStatus: 1 queued, 2 active, 3 succeeded, 4 failed, 5 cancelled';
      COMMENT ON COLUMN orchestrator.run.correlation_id IS 'NULL when it is the message id';
      COMMENT ON COLUMN orchestrator.run.reply_due IS 'ended by no message, so no redelivery would publish the answer again: set until it is published';
      CREATE UNIQUE INDEX run_in_thread ON orchestrator.run (tenant_id, thread_id, thread_seq);
      CREATE UNIQUE INDEX run_active ON orchestrator.run (tenant_id, thread_id) WHERE status = 2;
      CREATE INDEX run_correlation ON orchestrator.run (tenant_id, correlation_id) WHERE correlation_id IS NOT NULL;
      CREATE INDEX run_reply_due ON orchestrator.run (finished_at) WHERE reply_due;
      ${tenantTable('orchestrator', 'run', ['SELECT', 'INSERT', 'UPDATE'])}

      CREATE TABLE orchestrator.run_event (
        tenant_id uuid NOT NULL,
        run_id uuid NOT NULL,
        seq integer NOT NULL,
        fingerprint integer,
        at timestamptz NOT NULL,
        payload bytea NOT NULL,
        PRIMARY KEY (tenant_id, run_id, seq)
      );
      COMMENT ON COLUMN orchestrator.run_event.payload IS 'nexus.run.v1.StoredRunEvent';
      COMMENT ON COLUMN orchestrator.run_event.fingerprint IS 'of the state after the event; NULL where the database added the event itself';
      ${tenantTable('orchestrator', 'run_event', ['SELECT', 'INSERT'])}

      CREATE TABLE orchestrator.agent (
        tenant_id uuid NOT NULL,
        hash bytea NOT NULL,
        payload bytea NOT NULL,
        PRIMARY KEY (tenant_id, hash)
      );
      COMMENT ON COLUMN orchestrator.agent.payload IS 'nexus.run.v1.AgentSnapshot: instructions and tools';
      ${tenantTable('orchestrator', 'agent', ['SELECT', 'INSERT'])}

      CREATE TABLE orchestrator.partition_lease (
        tenant_id uuid NOT NULL,
        partition integer NOT NULL,
        owner text NOT NULL,
        epoch bigint NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, partition)
      );
      COMMENT ON TABLE orchestrator.partition_lease IS 'of the system tenant: who reads a partition of requests.incoming';
      ${tenantTable('orchestrator', 'partition_lease', ['SELECT', 'INSERT', 'UPDATE'])}

      ${finderFunction({
        schema: 'orchestrator', name: 'expired_runs', parameters: 'p_now timestamptz, p_limit integer', table: 'run', columns: ['status', 'expires_at'],
        query: 'SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.status = 2 AND r.expires_at <= p_now LIMIT p_limit',
      })}
      ${finderFunction({
        schema: 'orchestrator', name: 'stalled_runs', parameters: 'p_started_before timestamptz, p_limit integer', table: 'run', columns: ['status', 'started_at'],
        query: 'SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.status = 2 AND r.started_at <= p_started_before ORDER BY random() LIMIT p_limit',
      })}
      ${finderFunction({
        schema: 'orchestrator', name: 'unsent_runs', parameters: 'p_finished_before timestamptz, p_limit integer', table: 'run', columns: ['reply_due', 'finished_at'],
        query: 'SELECT r.tenant_id, r.id FROM orchestrator.run r WHERE r.reply_due AND r.finished_at <= p_finished_before LIMIT p_limit',
      })}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION orchestrator.unsent_runs; DROP FUNCTION orchestrator.stalled_runs; DROP FUNCTION orchestrator.expired_runs;
      DROP TABLE orchestrator.partition_lease, orchestrator.agent, orchestrator.run_event, orchestrator.run, orchestrator.thread;`);
  }
}
