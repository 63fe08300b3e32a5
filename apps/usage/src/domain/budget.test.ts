import { describe, expect, it } from 'vitest';
import { budgetOn, type Budget } from './budget.js';

const budget: Budget = {
  id: 'b', name: 'team', scope: 'tenant', subject: '', level: 'hard', period: 'month', limit: 100, whenReached: 'refuse', exemptAgents: [],
  spent: 60, reserved: 30, windowStart: '2026-10-01', reachedAt: new Date(0), liftedUntil: null,
};

describe('budgetOn', () => {
  it('has spent nothing yet in a window that nobody has used', () => {
    expect(budgetOn(budget, '2026-11-20')).toMatchObject({ spent: 0, reserved: 0, reachedAt: null, windowStart: '2026-11-01', resetsAt: Date.UTC(2026, 11, 1) });
  });

  it('shows the window as stored while it lasts, and when a clock ahead has begun the next', () => {
    expect(budgetOn(budget, '2026-10-31')).toMatchObject({ spent: 60, reserved: 30, resetsAt: Date.UTC(2026, 10, 1) });
    expect(budgetOn(budget, '2026-09-30')).toMatchObject({ spent: 60, resetsAt: Date.UTC(2026, 10, 1) });
  });

  it('never begins a total anew', () => {
    expect(budgetOn({ ...budget, period: 'total', windowStart: '1970-01-01' }, '2026-11-20')).toMatchObject({ spent: 60, resetsAt: undefined });
  });
});
