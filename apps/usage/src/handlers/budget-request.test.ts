import { create, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { BudgetLevel as Level, BudgetScope as Scope, LiftBudgetRequestSchema, SetBudgetRequestSchema, WhenReached as Wish } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { alertLimitFrom, budgetRequestFrom, liftRequestFrom } from './budget-request.js';

type Fields = Exclude<MessageInitShape<typeof SetBudgetRequestSchema>, Message>;
const request = (fields: Fields) => create(SetBudgetRequestSchema, { name: 'team', period: 'day', limitMicroUsd: 1n, ...fields });
const invalid = (param: string) => expect.objectContaining({ code: 'invalid_request', status: 400, param }) as Error;

describe('budgetRequestFrom', () => {
  it('reads a budget of the tenant, hard and refusing unless told otherwise', () => {
    expect(budgetRequestFrom(request({ name: ' team ', period: 'month', limitMicroUsd: 5_000_000n }))).toEqual({
      name: 'team', period: 'month', limit: 5_000_000, scope: 'tenant', subject: '', level: 'hard', whenReached: 'refuse', exemptAgents: [],
    });
  });

  it('reads whose it is, how strict it is and what it wants', () => {
    expect(budgetRequestFrom(request({ scope: Scope.KEY, subject: '*', level: Level.CRITICAL, whenReached: Wish.CHEAPER_TIER, exemptAgents: ['night-shift'] }))).toMatchObject({
      scope: 'key', subject: '*', level: 'critical', whenReached: 'cheaper_tier', exemptAgents: ['night-shift'],
    });
  });

  it.each<[Fields, string]>([
    [{ name: ' ' }, 'name'],
    [{ period: 'week' }, 'period'],
    [{ limitMicroUsd: -1n }, 'limit_micro_usd'],
    [{ scope: 99 as Scope }, 'scope'],
    [{ scope: Scope.CLIENT }, 'subject'],
    [{ subject: 'acme' }, 'subject'],
    [{ level: 99 as Level }, 'level'],
    [{ whenReached: 99 as Wish }, 'when_reached'],
    [{ exemptAgents: ['a'] }, 'exempt_agents'],
  ])('refuses %o', (fields, param) => {
    expect(() => budgetRequestFrom(request(fields))).toThrow(invalid(param));
  });
});

describe('liftRequestFrom', () => {
  const lift = (seconds: bigint) => liftRequestFrom(create(LiftBudgetRequestSchema, { name: 'team', seconds, reason: 'a release' }));

  it('takes a minute to a week, or nothing to end it', () => {
    expect([0n, 60n, 604_800n].map((seconds) => lift(seconds).seconds)).toEqual([0, 60, 604_800]);
    for (const seconds of [-1n, 59n, 604_801n]) expect(() => lift(seconds)).toThrow(invalid('seconds'));
  });
});

describe('alertLimitFrom', () => {
  it('is 100 unless told otherwise, and never more than 1,000', () => {
    expect([0, 7].map((limit) => alertLimitFrom({ limit }))).toEqual([100, 7]);
    expect(() => alertLimitFrom({ limit: 1_001 })).toThrow(invalid('limit'));
  });
});
