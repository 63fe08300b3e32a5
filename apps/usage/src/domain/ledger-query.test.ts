import { describe, expect, it } from 'vitest';
import { ledgerQueryFrom, placeText } from './ledger-query.js';

const asked = { fromDay: '', toDay: '', client: '', project: '', runId: '', limit: 0, after: '' };
const runId = '019330b0-0000-7000-8000-000000000001';

describe('ledgerQueryFrom', () => {
  it('is this month so far, a hundred rows, unless asked otherwise', () => {
    expect(ledgerQueryFrom(asked, '2026-11-20')).toEqual({ fromDay: '2026-11-01', toDay: '2026-11-20', client: undefined, project: undefined, runId: undefined, limit: 100, after: undefined });
  });

  it('is all days of a run', () => {
    expect(ledgerQueryFrom({ ...asked, runId }, '2026-11-20')).toMatchObject({ fromDay: '1970-01-01', toDay: '9999-12-31', runId });
  });

  it('takes up where a page ended', () => {
    const after = { day: '2026-11-19', entry: 42 };
    expect(ledgerQueryFrom({ ...asked, after: placeText(after) }, '2026-11-20').after).toEqual(after);
  });

  it.each([
    [{ fromDay: 'yesterday' }, 'from_day'],
    [{ toDay: '2026-02-31' }, 'to_day'],
    [{ runId: 'mine' }, 'run_id'],
    [{ limit: 1_001 }, 'limit'],
    [{ limit: -1 }, 'limit'],
    [{ after: "2026-11-19.1'" }, 'after'],
    [{ after: '2026-11-31.1' }, 'after'],
  ])('refuses %o', (wrong, param) => {
    expect(() => ledgerQueryFrom({ ...asked, ...wrong }, '2026-11-20')).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }));
  });
});
