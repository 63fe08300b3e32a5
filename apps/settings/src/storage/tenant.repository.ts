import { Injectable } from '@nestjs/common';
import { AppError } from '@nexus/core';
import type { Tx } from '@nexus/postgres';

@Injectable()
export class TenantRepository {
  /** Answers false when it is there already. */
  async insert(tx: Tx, tenantId: string, name: string, at: Date): Promise<boolean> {
    const rows = await tx.query('tenant_insert', 'INSERT INTO settings.tenant (tenant_id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING tenant_id', [tenantId, name, at]);
    return rows.length > 0;
  }

  /** Throws an AppError `tenant_not_found` (404) when the transaction's tenant is not known. */
  async requireKnown(tx: Tx): Promise<void> {
    const rows = await tx.query('tenant_known', 'SELECT tenant_id FROM settings.tenant');
    if (rows.length === 0) throw new AppError('tenant_not_found', 'This tenant does not exist.', { status: 404 });
  }
}
