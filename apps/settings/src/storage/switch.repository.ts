import { Injectable } from '@nestjs/common';
import type { Tx } from '@nexus/postgres';

/** What a tenant can switch off. */
export type Switchable = 'provider' | 'tool';

/** Which providers and tools a tenant has switched off; what was never switched is on. */
@Injectable()
export class SwitchRepository {
  async listDisabled(tx: Tx, what: Switchable): Promise<string[]> {
    const rows = await tx.query<{ name: string }>(`${what}_disabled`, `SELECT name FROM settings.${what}_state WHERE NOT is_enabled ORDER BY name`);
    return rows.map((row) => row.name);
  }

  /** Answers what it was before. */
  async set(tx: Tx, tenantId: string, what: Switchable, name: string, isEnabled: boolean, at: Date): Promise<boolean> {
    const table = `settings.${what}_state`;
    // Statements of one transaction are carried out in this order, though they travel together.
    const [, before] = await Promise.all([
      tx.query(`${what}_known`, `INSERT INTO ${table} (tenant_id, name, is_enabled, updated_at) VALUES ($1, $2, true, $3) ON CONFLICT DO NOTHING`, [tenantId, name, at]),
      tx.query<{ is_enabled: boolean }>(`${what}_get`, `SELECT is_enabled FROM ${table} WHERE name = $1 FOR UPDATE`, [name]),
      tx.query(`${what}_set`, `UPDATE ${table} SET is_enabled = $2, updated_at = $3 WHERE name = $1 AND is_enabled <> $2`, [name, isEnabled, at]),
    ]);
    return before[0]?.is_enabled ?? true;
  }
}
