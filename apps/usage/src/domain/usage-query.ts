import { AppError } from '@nexus/core';
import { windowStart } from './budget-window.js';

/** By what usage can be summed. */
export const dimensions = ['day', 'provider', 'model', 'client', 'project', 'key'] as const;
export type Dimension = (typeof dimensions)[number];

export interface UsageQuery {
  /** YYYY-MM-DD, both inclusive. */
  readonly fromDay: string;
  readonly toDay: string;
  /** In the order of `dimensions`, each once. */
  readonly groupBy: readonly Dimension[];
  /** Only this client's. */
  readonly client: string | undefined;
}

export interface AskedUsage {
  readonly fromDay: string;
  readonly toDay: string;
  readonly groupBy: readonly string[];
  readonly client: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DEFAULT_GROUPS: readonly Dimension[] = ['day', 'provider', 'model'];

/** What was asked, with the defaults: this month so far, by day, provider and model. Throws AppError `invalid_request` with its `param`. */
export function usageQueryFrom(asked: AskedUsage, today: string): UsageQuery {
  const fromDay = asked.fromDay === '' ? windowStart('month', today) : checkedDay(asked.fromDay, 'from_day');
  const toDay = asked.toDay === '' ? today : checkedDay(asked.toDay, 'to_day');
  for (const name of asked.groupBy) {
    if (!(dimensions as readonly string[]).includes(name)) throw invalid('group_by', `can be ${dimensions.join(', ')}, not "${name.slice(0, 50)}"`);
  }
  const groupBy = asked.groupBy.length === 0 ? DEFAULT_GROUPS : dimensions.filter((dimension) => asked.groupBy.includes(dimension));
  return { fromDay, toDay, groupBy, client: asked.client === '' ? undefined : asked.client };
}

function checkedDay(text: string, param: string): string {
  const time = DAY.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // 31 February is parsed as a day in March.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) throw invalid(param, 'must be a day such as 2026-11-20');
  return text;
}

function invalid(param: string, advice: string): AppError {
  return new AppError('invalid_request', `${param} ${advice}.`, { status: 400, param });
}
