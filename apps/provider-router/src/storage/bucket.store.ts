import { SYSTEM_TENANT_ID } from '@nexus/core';
import type { Database } from '@nexus/postgres';

/** What a replica wants of a bucket that all replicas share. */
export interface Lease {
  /** Which bucket: a provider and what it counts. */
  readonly id: string;
  /** What flows in, each second. */
  readonly perSecond: number;
  /** The most that it holds. */
  readonly capacity: number;
  /** Less than this is not worth taking. */
  readonly need: number;
  /** More than this is not wanted. */
  readonly want: number;
}

interface Row {
  readonly granted: number;
  readonly level: number;
}

/** The token buckets of providers in `router.bucket`, which belong to no tenant. By the database's clock. */
export class BucketStore {
  constructor(private readonly database: Database) {}

  /**
   * Takes as much as is there, up to what is wanted; nothing where that is less than the need, and then says how long it takes to fill up.
   * A need beyond what the bucket can hold is met when it is full, and leaves a debt.
   */
  async lease({ id, perSecond, capacity, need, want }: Lease): Promise<{ readonly granted: number; readonly waitMs: number }> {
    const rows = await this.database.withTenant(SYSTEM_TENANT_ID, (tx) => tx.query<Row>('bucket_lease', LEASE, [SYSTEM_TENANT_ID, id, perSecond, capacity, need, Math.max(need, want)]));
    const { granted, level } = rows[0] as Row; // inserted or updated
    return { granted, waitMs: granted > 0 ? 0 : Math.ceil(((Math.min(need, capacity) - level) / perSecond) * 1_000) };
  }
}

const LEASE = `
  INSERT INTO router.bucket AS b (tenant_id, id, level, granted, updated_at)
  VALUES ($1, $2, $4::float8 - greatest($5::float8, least($6::float8, $4::float8)), greatest($5::float8, least($6::float8, $4::float8)), now())
  ON CONFLICT (tenant_id, id) DO UPDATE SET
    granted = router.bucket_grant(router.bucket_level(b.level, b.updated_at, $3::float8, $4::float8), $4::float8, $5::float8, $6::float8),
    level = router.bucket_level(b.level, b.updated_at, $3::float8, $4::float8)
          - router.bucket_grant(router.bucket_level(b.level, b.updated_at, $3::float8, $4::float8), $4::float8, $5::float8, $6::float8),
    updated_at = greatest(b.updated_at, now())
  RETURNING granted, level`;
