import { BudgetScope, type Budget, type BudgetAlert } from '@nexus/contracts';

const NAMES: Readonly<Record<BudgetScope, string>> = {
  [BudgetScope.UNSPECIFIED]: '', [BudgetScope.TENANT]: '', [BudgetScope.CLIENT]: 'client', [BudgetScope.PROJECT]: 'project', [BudgetScope.USER]: 'user', [BudgetScope.KEY]: 'key', [BudgetScope.AGENT]: 'agent',
};

/** Whose budget it is, such as `client acme` or `each key`; empty for the tenant's. */
export function budgetSubject({ scope, subject }: Pick<Budget | BudgetAlert, 'scope' | 'subject'>): string {
  const name = NAMES[scope];
  if (name === '') return '';
  return subject === '*' ? `each ${name}` : `${name} ${subject}`;
}
