import type { Budget } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
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
