import { Injectable } from '@nestjs/common';
import type { Tx } from '@nexus/postgres';
import type { ConfigChange } from '../domain/config-change.js';

interface ConfigRow {
  readonly key: string;
  readonly value: string;
}

/** JSON texts by key. */
export type ConfigValues = ReadonlyMap<string, string>;

@Injectable()
export class ConfigRepository {
  /** Values whose keys begin with `prefix`. */
  async list(tx: Tx, prefix: string): Promise<ConfigValues> {
    return toMap(await tx.query<ConfigRow>('config_list', 'SELECT key, value::text FROM settings.config WHERE starts_with(key, $1) ORDER BY key', [prefix]));
  }

  /** The values of these keys; nobody else changes them until the transaction ends. */
  async getForUpdate(tx: Tx, keys: readonly string[]): Promise<ConfigValues> {
    return toMap(await tx.query<ConfigRow>('config_get', 'SELECT key, value::text FROM settings.config WHERE key = ANY ($1::text[]) ORDER BY key FOR UPDATE', [keys]));
  }

  async apply(tx: Tx, tenantId: string, change: ConfigChange, at: Date): Promise<void> {
    const keys = [...change.set.keys()].sort();
    await Promise.all([
      tx.query(
        'config_set',
        `INSERT INTO settings.config (tenant_id, key, value, updated_at) SELECT $1, k, v::json, $4 FROM unnest($2::text[], $3::text[]) AS pair (k, v)
         ON CONFLICT (tenant_id, key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`,
        [tenantId, keys, keys.map((key) => change.set.get(key)), at],
      ),
      tx.query('config_remove', 'DELETE FROM settings.config WHERE key = ANY ($1::text[])', [change.remove]),
    ]);
  }
}

function toMap(rows: readonly ConfigRow[]): ConfigValues {
  return new Map(rows.map((row) => [row.key, row.value]));
}
