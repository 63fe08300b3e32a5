import { describe, expect, it } from 'vitest';
import { usageQueryFrom } from './usage-query.js';

const asked = { fromDay: '', toDay: '', groupBy: [], client: '', project: '' };

describe('usageQueryFrom', () => {
  it('is this month so far by day, provider and model, unless asked otherwise', () => {
    expect(usageQueryFrom(asked, '2026-11-20')).toEqual({ fromDay: '2026-11-01', toDay: '2026-11-20', groupBy: ['day', 'provider', 'model'], client: undefined, project: undefined });
  });

  it('takes each dimension once', () => {
    expect(usageQueryFrom({ ...asked, groupBy: ['key', 'client', 'key'], client: 'acme' }, '2026-11-20')).toMatchObject({ groupBy: ['client', 'key'], client: 'acme' });
  });

  it.each([
    [{ fromDay: '2026-02-31' }, 'from_day'],
    [{ toDay: "2026-01-01'; --" }, 'to_day'],
    [{ groupBy: ['day', 'tenant_id'] }, 'group_by'],
  ])('refuses %o', (wrong, param) => {
    expect(() => usageQueryFrom({ ...asked, ...wrong }, '2026-11-20')).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }));
  });
});
