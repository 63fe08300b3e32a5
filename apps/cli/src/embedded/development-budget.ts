import { DEVELOPMENT_TENANT_ID } from '@nexus/core';
import { asTenant, type ServiceClients } from '@nexus/runtime';

const NAME = 'development';
const PERIOD = 'day';
/** One dollar. */
const LIMIT_MICRO_USD = 1_000_000n;

/** Sees to it that the development tenant has a daily ceiling. One that somebody has changed stays as it is. Answers the lowest in micro-USD. */
export async function ensureDailyCeiling({ usage }: Pick<ServiceClients, 'usage'>): Promise<number | undefined> {
  const as = asTenant(DEVELOPMENT_TENANT_ID);
  const found = await usage.getQuota({}, as);
  const isSet = found.budgets.some((budget) => budget.name === NAME);
  const { budgets } = isSet ? found : await usage.setBudget({ name: NAME, period: PERIOD, limitMicroUsd: LIMIT_MICRO_USD }, as);
  const daily = budgets.filter((budget) => budget.period === PERIOD).map((budget) => Number(budget.limitMicroUsd));
  return daily.length === 0 ? undefined : Math.min(...daily);
}
