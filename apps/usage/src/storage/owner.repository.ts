import { Inject, Injectable } from '@nestjs/common';
import { SYSTEM_TENANT_ID } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';

const IS_SUPERSEDED = 'EXISTS (SELECT FROM usage.owner later WHERE later.replica = o.replica AND later.started_at > o.started_at)';

const REPORT = `
  INSERT INTO usage.owner AS o (tenant_id, owner, replica, started_at, expires_at)
  VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp() + $4 * interval '1 millisecond')
  ON CONFLICT (tenant_id, owner) DO UPDATE SET expires_at = excluded.expires_at
  RETURNING ${IS_SUPERSEDED} AS "isSuperseded"`;

const ALIVE = `SELECT o.owner FROM usage.owner o WHERE o.expires_at > clock_timestamp() AND NOT ${IS_SUPERSEDED}`;

/** One that is gone for so long says no more than one that is not there: an owner without a row counts as gone. */
const FORGET = "DELETE FROM usage.owner WHERE expires_at < clock_timestamp() - interval '1 hour'";

/** The owners of attempts, by the database's clock. They belong to no tenant, and so to the system tenant. */
@Injectable()
export class OwnerRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The owner is alive for `ttlMs` from now on. Answers whether a later life of the replica has reported. */
  async report(owner: string, replica: string, ttlMs: number): Promise<boolean> {
    const rows = await this.database.withTenant(SYSTEM_TENANT_ID, (tx) => tx.query<{ isSuperseded: boolean }>('owner_report', REPORT, [SYSTEM_TENANT_ID, owner, replica, ttlMs]));
    return rows[0]?.isSuperseded ?? false;
  }

  /** The owners that are alive; forgets those that are long gone. */
  async alive(): Promise<string[]> {
    const rows = await this.database.withTenant(SYSTEM_TENANT_ID, async (tx) => {
      await tx.query('owner_forget', FORGET);
      return tx.query<{ owner: string }>('owner_alive', ALIVE);
    });
    return rows.map(({ owner }) => owner);
  }
}
