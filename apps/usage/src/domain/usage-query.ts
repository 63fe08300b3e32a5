import { usageDimensions as dimensions, type UsageDimension as Dimension } from '@nexus/contracts';
import { windowStart } from './budget-window.js';
import { checkedDay, invalidQuery } from './checked-day.js';

export interface UsageQuery {
  /** YYYY-MM-DD, both inclusive. */
  readonly fromDay: string;
  readonly toDay: string;
  /** In the order of `dimensions`, each once. */
  readonly groupBy: readonly Dimension[];
  /** Only this client's. */
  readonly client: string | undefined;
  /** Only this project's. */
  readonly project: string | undefined;
}

export interface AskedUsage {
  readonly fromDay: string;
  readonly toDay: string;
  readonly groupBy: readonly string[];
  readonly client: string;
  readonly project: string;
}

const DEFAULT_GROUPS: readonly Dimension[] = ['day', 'provider', 'model'];

/** What was asked, with the defaults: this month so far, by day, provider and model. Throws AppError `invalid_request` with its `param`. */
export function usageQueryFrom(asked: AskedUsage, today: string): UsageQuery {
  const fromDay = asked.fromDay === '' ? windowStart('month', today) : checkedDay(asked.fromDay, 'from_day');
  const toDay = asked.toDay === '' ? today : checkedDay(asked.toDay, 'to_day');
  for (const name of asked.groupBy) {
    if (!(dimensions as readonly string[]).includes(name)) throw invalidQuery('group_by', `can be ${dimensions.join(', ')}, not "${name.slice(0, 50)}"`);
  }
  const groupBy = asked.groupBy.length === 0 ? DEFAULT_GROUPS : dimensions.filter((dimension) => asked.groupBy.includes(dimension));
  return { fromDay, toDay, groupBy, client: asked.client || undefined, project: asked.project || undefined };
}
