import type { Budget, RunQuota } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { groupDigits } from './count.js';
import { budgetSubject } from './budget-subject.js';

/** What is left of each budget, one a line: a call must fit into all of them. */
export function budgetLines(budgets: readonly Budget[]): string[] {
  return budgets.map((budget) => {
    const { name, period, limitMicroUsd, spentMicroUsd, reservedMicroUsd, resetsAt } = budget;
    const whose = budgetSubject(budget) === '' ? '' : ` (${budgetSubject(budget)})`;
    const spent = `${formatUsd(Number(spentMicroUsd))} of ${formatUsd(Number(limitMicroUsd))} spent ${period === 'total' ? 'in all' : `this ${period}`}`;
    const reserved = reservedMicroUsd === 0n ? '' : `, ${formatUsd(Number(reservedMicroUsd))} set aside for calls whose cost is not known yet`;
    const anew = resetsAt === 0n ? '' : `; begins anew ${new Date(Number(resetsAt)).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    return `budget "${name}"${whose}: ${spent}${reserved}${anew}`;
  });
}

/** What is left of the plan's runs, a line; none for a tenant without a plan. */
export function planLines(runs: RunQuota | undefined): string[] {
  if (runs === undefined || runs.plan === '') return [];
  const plan = runs.plan === 'own' ? 'plan' : `plan "${runs.plan}"`;
  return [`${plan}: ${groupDigits(runs.used)} of ${groupDigits(runs.runsPerMonth)} runs this month; begins anew ${new Date(Number(runs.resetsAt)).toISOString().slice(0, 16).replace('T', ' ')} UTC`];
}
