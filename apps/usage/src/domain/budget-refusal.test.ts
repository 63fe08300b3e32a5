import { describe, expect, it } from 'vitest';
import { budgetExceeded } from './budget-refusal.js';

const now = Date.UTC(2026, 10, 20, 22);

describe('budgetExceeded', () => {
  it('names the budget and says when it begins anew', () => {
    const error = budgetExceeded({ name: 'team', scope: 'tenant', subject: '', period: 'day', day: '2026-11-20' }, now);
    expect(error).toMatchObject({ code: 'budget_exceeded', status: 429, isRetryable: true, retryAfterMs: 2 * 3_600_000 });
    expect(error.message).toBe('The budget "team" has not enough left this day for this call. It begins anew at 2026-11-21 00:00 UTC; raise it to go on now.');
  });

  it('never says that a total may be tried again', () => {
    const error = budgetExceeded({ name: 'site', scope: 'project', subject: 'web', period: 'total', day: '2026-11-20' }, now);
    expect(error).toMatchObject({ isRetryable: false, retryAfterMs: undefined });
    expect(error.message).toBe('The budget "site" of project "web" has not enough left for this call. Raise it to go on.');
  });

  it('asks for no wait when the window is over by now', () => {
    expect(budgetExceeded({ name: 'team', scope: 'tenant', subject: '', period: 'day', day: '2026-11-19' }, now).retryAfterMs).toBe(0);
  });
});
