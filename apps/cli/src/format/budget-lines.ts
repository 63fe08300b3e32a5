import type { Budget } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';

/** What is left of each budget, one a line: a call must fit into all of them. */
export function budgetLines(budgets: readonly Budget[]): string[] {
  return budgets.map(({ name, period, limitMicroUsd, spentMicroUsd, reservedMicroUsd, resetsAt }) => {
    const spent = `${formatUsd(Number(spentMicroUsd))} of ${formatUsd(Number(limitMicroUsd))} spent ${period === 'total' ? 'in all' : `this ${period}`}`;
    const reserved = reservedMicroUsd === 0n ? '' : `, ${formatUsd(Number(reservedMicroUsd))} set aside for calls whose cost is not known yet`;
    const anew = resetsAt === 0n ? '' : `; begins anew ${new Date(Number(resetsAt)).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    return `budget "${name}": ${spent}${reserved}${anew}`;
  });
}
