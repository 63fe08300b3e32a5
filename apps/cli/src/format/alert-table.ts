import { BudgetAlert_Kind as Kind, type BudgetAlert } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { budgetSubject } from './budget-subject.js';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

/** Alerts, one a line, in words. */
export function alertTable(alerts: readonly BudgetAlert[]): string[] {
  if (alerts.length === 0) return ['No budget was reached, and no call cost more than was set aside for it.'];
  return table([{ title: 'WHEN (UTC)' }, { title: 'WHAT' }, { title: 'OF' }, { title: '' }], alerts.map((alert) => [utcTime(alert.atMs), ...wordsOf(alert)]));
}

function wordsOf(alert: BudgetAlert): string[] {
  const [amount, limit] = [alert.amountMicroUsd, alert.limitMicroUsd].map((value) => formatUsd(Number(value)));
  const whose = `budget "${alert.budget}"${budgetSubject(alert) === '' ? '' : `, ${budgetSubject(alert)}`}`;
  switch (alert.kind) {
    case Kind.REACHED: return ['reached', whose, `${amount} of ${limit} spent or set aside since ${alert.windowStart}`];
    case Kind.LIFTED: return ['lifted', whose, `${amount} of ${limit} spent or set aside`];
    case Kind.OVER_RESERVATION: return ['over reservation', `attempt ${alert.attemptId}`, `cost ${amount} more than was set aside for it`];
    case Kind.UNSPECIFIED: return ['', '', ''];
  }
}
