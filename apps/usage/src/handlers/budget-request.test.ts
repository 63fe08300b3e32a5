import { describe, expect, it } from 'vitest';
import { budgetRequestFrom } from './budget-request.js';

describe('budgetRequestFrom', () => {
  it('reads a budget', () => {
    expect(budgetRequestFrom({ name: ' team ', period: 'month', limitMicroUsd: 5_000_000n })).toEqual({ name: 'team', period: 'month', limitMicroUsd: 5_000_000 });
  });

  it.each([
    [{ name: ' ', period: 'day', limitMicroUsd: 1n }, 'name'],
    [{ name: 'team', period: 'week', limitMicroUsd: 1n }, 'period'],
    [{ name: 'team', period: 'day', limitMicroUsd: -1n }, 'limit_micro_usd'],
  ])('refuses %o', (request, param) => {
    expect(() => budgetRequestFrom(request)).toThrow(expect.objectContaining({ code: 'invalid_request', status: 400, param }));
  });
});
