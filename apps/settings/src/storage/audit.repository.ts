import { Inject, Injectable } from '@nestjs/common';
import type { Database, Statement, Tx } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';

/** One act, as it is kept for ever: the serving role may insert and read, nothing else. */
export interface AuditEntry {
  readonly tenantId: string;
  readonly id: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** JSON texts; empty when there is nothing to tell. */
  readonly before: string;
  readonly after: string;
  readonly risk: number;
  readonly at: Date;
}

@Injectable()
export class AuditRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** With the change that it tells of, in one transaction. */
  async insert(tx: Tx, entry: AuditEntry): Promise<void> {
    const { name, text, values } = insertStatement(entry.tenantId, [entry]);
    await tx.query(name, text, values);
  }

  /** All entries in one transaction; those that are there already stay as they are. */
  async insertBatch(entries: readonly AuditEntry[]): Promise<void> {
    const groups = new Map<string, AuditEntry[]>();
    for (const entry of entries) groups.set(entry.tenantId, [...(groups.get(entry.tenantId) ?? []), entry]);
    await this.database.withTenants(new Map([...groups].map(([tenantId, group]) => [tenantId, [insertStatement(tenantId, group)]])));
  }
}

function insertStatement(tenantId: string, entries: readonly AuditEntry[]): Statement {
  return {
    name: 'audit_insert',
    text: `INSERT INTO settings.audit (tenant_id, id, actor, action, subject, before, after, risk, at)
           SELECT $1, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::timestamptz[])
           ON CONFLICT (tenant_id, id) DO NOTHING`,
    values: [
      tenantId,
      entries.map((entry) => entry.id),
      entries.map((entry) => entry.actor),
      entries.map((entry) => entry.action),
      entries.map((entry) => entry.subject),
      entries.map((entry) => entry.before),
      entries.map((entry) => entry.after),
      entries.map((entry) => entry.risk),
      entries.map((entry) => entry.at),
    ],
  };
}
