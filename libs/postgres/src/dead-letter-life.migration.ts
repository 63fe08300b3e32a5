import type { QueryRunner } from 'typeorm';
import type { MigrationClass } from './migrate.js';
import { rolesOf, sqlName } from './sql-name.js';
import { finderFunction } from './tenant-table.js';

/** The migration after deadLetterMigration: letters can be replayed, purged, counted over all tenants, and expire. */
export function deadLetterLifeMigration(schema: string): MigrationClass {
  sqlName(schema);
  return class DeadLetterLife1763800000000 {
    async up(runner: QueryRunner): Promise<void> {
      // A letter that was replayed stays as a row without content, so that the same entry keeps its first time when it fails again.
      await runner.query(`
        ALTER TABLE ${schema}.dead_letter
          ADD COLUMN replays integer NOT NULL DEFAULT 0,
          ADD COLUMN replay_began_at timestamptz,
          ADD COLUMN replayed_at timestamptz,
          ADD COLUMN raw_hash bytea;
        DROP INDEX ${schema}.dead_letter_newest;
        CREATE INDEX dead_letter_newest ON ${schema}.dead_letter (tenant_id, last_seen_at DESC, id DESC) WHERE replayed_at IS NULL;
        CREATE INDEX dead_letter_tenant ON ${schema}.dead_letter (tenant_id, id) WHERE replayed_at IS NULL;
        CREATE INDEX dead_letter_oldest ON ${schema}.dead_letter ((coalesce(replayed_at, last_seen_at)));
        CREATE INDEX dead_letter_replayed ON ${schema}.dead_letter (tenant_id, raw_hash) WHERE raw_hash IS NOT NULL;
        GRANT DELETE ON ${schema}.dead_letter TO ${rolesOf(schema).serving};
        ${finderFunction({
          schema, name: 'dead_letter_tenants', parameters: 'p_after uuid, p_limit integer', table: 'dead_letter', columns: ['replayed_at'],
          // Each step looks up the next tenant by the index: its cost is in the number of tenants, not of letters.
          query: `
            WITH RECURSIVE found AS (
              (SELECT l.tenant_id, l.id FROM ${schema}.dead_letter l WHERE l.replayed_at IS NULL AND l.tenant_id > p_after ORDER BY l.tenant_id, l.id LIMIT 1)
              UNION ALL
              SELECT next.tenant_id, next.id FROM found CROSS JOIN LATERAL (
                SELECT l.tenant_id, l.id FROM ${schema}.dead_letter l WHERE l.replayed_at IS NULL AND l.tenant_id > found.tenant_id ORDER BY l.tenant_id, l.id LIMIT 1
              ) AS next)
            SELECT found.tenant_id, found.id FROM found LIMIT p_limit`,
        })}
        ${finderFunction({
          schema, name: 'expired_dead_letters', parameters: 'p_before timestamptz, p_limit integer', table: 'dead_letter', columns: ['replayed_at', 'last_seen_at'],
          query: `SELECT l.tenant_id, l.id FROM ${schema}.dead_letter l WHERE coalesce(l.replayed_at, l.last_seen_at) < p_before ORDER BY coalesce(l.replayed_at, l.last_seen_at) LIMIT p_limit`,
        })}`);
    }

    async down(runner: QueryRunner): Promise<void> {
      await runner.query(`
        DROP FUNCTION ${schema}.dead_letter_tenants; DROP FUNCTION ${schema}.expired_dead_letters;
        DROP INDEX ${schema}.dead_letter_newest, ${schema}.dead_letter_tenant, ${schema}.dead_letter_oldest, ${schema}.dead_letter_replayed;
        ALTER TABLE ${schema}.dead_letter DROP COLUMN replays, DROP COLUMN replay_began_at, DROP COLUMN replayed_at, DROP COLUMN raw_hash;
        CREATE INDEX dead_letter_newest ON ${schema}.dead_letter (tenant_id, last_seen_at DESC, id DESC);`);
    }
  };
}
