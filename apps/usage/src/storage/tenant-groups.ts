import { plainArray } from '@nexus/postgres';

/** A batch with the items of each tenant side by side, as the batch functions take it. */
export interface TenantGroups<T> {
  readonly items: readonly T[];
  /** Array literals: the tenants, and where each begins and ends among the items, counted from 1. */
  readonly tenants: string;
  readonly first: string;
  readonly last: string;
}

/** Orders a batch by tenant, so that two batches meet the tenants in the same order; within a tenant the order stays. */
export function groupByTenant<T extends { readonly tenantId: string }>(batch: readonly T[]): TenantGroups<T> {
  const items = batch.toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : a.tenantId > b.tenantId ? 1 : 0));
  const tenants: string[] = [];
  const first: number[] = [];
  const last: number[] = [];
  items.forEach(({ tenantId }, index) => {
    if (tenantId !== tenants.at(-1)) {
      tenants.push(tenantId);
      first.push(index + 1);
      last.push(index + 1);
    }
    last[last.length - 1] = index + 1;
  });
  return { items, tenants: plainArray(tenants), first: plainArray(first), last: plainArray(last) };
}
