import { Inject, Injectable } from '@nestjs/common';
import { SYSTEM_TENANT_ID } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { DATABASE } from '@nexus/runtime';

const IS_SUPERSEDED = 'EXISTS (SELECT FROM usage.owner later WHERE later.replica = o.replica AND later.started_at > o.started_at)';

/** An owner that says that it has ended is gone at once, whatever else is known. */
const REPORT = `
  INSERT INTO usage.owner AS o (tenant_id, owner, replica, started_at, expires_at)
  VALUES ($1, $2, $3, clock_timestamp(), CASE WHEN $4::integer = 0 THEN '-infinity' ELSE clock_timestamp() + $4::integer * interval '1 millisecond' END)
  ON CONFLICT (tenant_id, owner) DO UPDATE SET expires_at = excluded.expires_at
  RETURNING ${IS_SUPERSEDED} AS "isSuperseded"`;

/** All others need this long, beyond a lease, to be heard again after nobody was: a report that hangs is given up after 5 s. */
const REPORTED_AGAIN_WITHIN_MS = 5_000;

/** Notes that somebody was heard. When nobody was for longer than a lease, the ledger was away: until the others have reported too their silence says nothing. */
const HEARD = `
  INSERT INTO usage.owner AS h (tenant_id, owner, replica, started_at, expires_at, lease_ms) VALUES ($1, '', '', clock_timestamp(), '-infinity', $2)
  ON CONFLICT (tenant_id, owner) DO UPDATE SET lease_ms = excluded.lease_ms, started_at = excluded.started_at,
    expires_at = CASE WHEN h.started_at + h.lease_ms * interval '1 millisecond' < excluded.started_at
      THEN excluded.started_at + ($2 + ${REPORTED_AGAIN_WITHIN_MS}) * interval '1 millisecond' ELSE h.expires_at END`;

/** Its lease ran out, others were heard since, and no silence of all explains it. As usage.is_alive has it. */
const IS_MISSED = "EXISTS (SELECT FROM usage.owner h WHERE h.owner = '' AND h.started_at > o.expires_at AND h.expires_at <= clock_timestamp())";

const ALIVE = `SELECT o.owner FROM usage.owner o WHERE o.owner <> '' AND NOT ${IS_SUPERSEDED}
  AND (o.expires_at > clock_timestamp() OR (o.expires_at > '-infinity' AND NOT ${IS_MISSED}))`;

/** One that is gone for so long says no more than one that is not there: an owner without a row counts as gone. */
const FORGET = "DELETE FROM usage.owner WHERE owner <> '' AND expires_at < clock_timestamp() - interval '1 hour'";

/** The owners of attempts, by the database's clock. They belong to no tenant, and so to the system tenant. */
@Injectable()
export class OwnerRepository {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  /** The owner is alive for `ttlMs` from now on; 0: it has ended. Answers whether a later life of the replica has reported. */
  async report(owner: string, replica: string, ttlMs: number): Promise<boolean> {
    const rows = await this.database.withTenant(SYSTEM_TENANT_ID, async (tx) => {
      if (ttlMs > 0) await tx.query('owner_heard', HEARD, [SYSTEM_TENANT_ID, ttlMs]);
      return tx.query<{ isSuperseded: boolean }>('owner_report', REPORT, [SYSTEM_TENANT_ID, owner, replica, ttlMs]);
    });
    return rows[0]?.isSuperseded ?? false;
  }

  /** The owners that are alive, or may be; forgets those that are long gone. */
  async alive(): Promise<string[]> {
    const rows = await this.database.withTenant(SYSTEM_TENANT_ID, async (tx) => {
      await tx.query('owner_forget', FORGET);
      return tx.query<{ owner: string }>('owner_alive', ALIVE);
    });
    return rows.map(({ owner }) => owner);
  }
}
