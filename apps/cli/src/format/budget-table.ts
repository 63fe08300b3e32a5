import { BudgetLevel, WhenReached, type Budget } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { budgetSubject } from './budget-subject.js';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

const LEVELS: Readonly<Record<BudgetLevel, string>> = { [BudgetLevel.UNSPECIFIED]: 'hard', [BudgetLevel.SOFT]: 'soft', [BudgetLevel.HARD]: 'hard', [BudgetLevel.CRITICAL]: 'critical' };
const WISHES: Readonly<Record<WhenReached, string>> = {
  [WhenReached.UNSPECIFIED]: '', [WhenReached.REFUSE]: '', [WhenReached.CHEAPER_TIER]: ', then a cheaper tier', [WhenReached.SMALLER_CONTEXT]: ', then a smaller context',
};

/** Budgets with what is spent and set aside of each, and what is special about it. */
export function budgetTable(budgets: readonly Budget[]): string[] {
  if (budgets.length === 0) return ['There is no budget: nothing is held.'];
  const columns = [{ title: 'NAME' }, { title: 'FOR' }, { title: 'LEVEL' }, { title: 'PER' }, ...['LIMIT', 'SPENT', 'SET ASIDE'].map((title) => ({ title, align: 'right' as const })), { title: 'BEGINS ANEW (UTC)' }, { title: 'NOW' }];
  return table(columns, budgets.map((budget) => [
    budget.name, budgetSubject(budget) || 'everything', `${LEVELS[budget.level]}${WISHES[budget.whenReached]}`, budget.period,
    ...[budget.limitMicroUsd, budget.spentMicroUsd, budget.reservedMicroUsd].map((amount) => formatUsd(Number(amount))), budget.resetsAt === 0n ? 'never' : utcTime(budget.resetsAt), stateOf(budget),
  ]));
}

function stateOf({ liftedUntil, reachedAt, exemptAgents }: Budget): string {
  const states = [
    reachedAt === 0n ? '' : `reached ${utcTime(reachedAt)}`,
    liftedUntil === 0n ? '' : `lifted until ${utcTime(liftedUntil)}`,
    exemptAgents.length === 0 ? '' : `exempt: ${exemptAgents.join(', ')}`,
  ];
  return states.filter((state) => state !== '').join('; ');
}
