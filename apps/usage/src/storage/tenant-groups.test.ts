import { describe, expect, it } from 'vitest';
import { groupByTenant } from './tenant-groups.js';

describe('groupByTenant', () => {
  it('puts the items of a tenant side by side, in their order, and the tenants in theirs', () => {
    const item = (tenantId: string, n: number) => ({ tenantId, n });
    const groups = groupByTenant([item('b', 1), item('a', 2), item('b', 3), item('c', 4), item('a', 5)]);
    expect(groups.items.map(({ n }) => n)).toEqual([2, 5, 1, 3, 4]);
    expect(groups).toMatchObject({ tenants: '{a,b,c}', first: '{1,3,5}', last: '{2,4,5}' });
  });
});
