import { rolesOf, tenantTable } from '@nexus/postgres';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What providers let through in a minute, shared by all replicas: rows of the system tenant. */
export class Bucket1764000003000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    const { serving } = rolesOf('router');
    await runner.query(`
      CREATE TABLE router.bucket (
        tenant_id uuid NOT NULL,
        id text NOT NULL,
        -- Below 0 when one call needed more than a bucket holds.
        level float8 NOT NULL,
        -- By the last lease.
        granted float8 NOT NULL,
        updated_at timestamptz NOT NULL,
        PRIMARY KEY (tenant_id, id)
      ) WITH (fillfactor = 50);
      ${tenantTable('router', 'bucket', ['SELECT', 'INSERT', 'UPDATE', 'DELETE'])}
      CREATE FUNCTION router.bucket_level(p_level float8, p_since timestamptz, p_per_second float8, p_capacity float8) RETURNS float8
        LANGUAGE sql STABLE AS $$ SELECT least(p_capacity, p_level + p_per_second * greatest(0, extract(epoch FROM now() - p_since)::float8)) $$;
      CREATE FUNCTION router.bucket_grant(p_level float8, p_capacity float8, p_need float8, p_want float8) RETURNS float8
        LANGUAGE sql IMMUTABLE AS $$ SELECT CASE WHEN p_level >= least(p_need, p_capacity) THEN greatest(p_need, least(p_want, floor(p_level))) ELSE 0 END $$;
      REVOKE ALL ON FUNCTION router.bucket_level(float8, timestamptz, float8, float8), router.bucket_grant(float8, float8, float8, float8) FROM PUBLIC;
      GRANT EXECUTE ON FUNCTION router.bucket_level(float8, timestamptz, float8, float8), router.bucket_grant(float8, float8, float8, float8) TO ${serving}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE router.bucket; DROP FUNCTION router.bucket_level; DROP FUNCTION router.bucket_grant');
  }
}
