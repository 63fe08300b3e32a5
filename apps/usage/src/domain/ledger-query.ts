import { isUuid } from '@nexus/core';
import { windowStart } from './budget-window.js';
import { checkedDay, invalidQuery } from './checked-day.js';

/** Where a page of the ledger begins: behind the entry with this number of this day. */
export interface LedgerPlace {
  readonly day: string;
  readonly entry: number;
}

export interface LedgerQuery {
  /** YYYY-MM-DD, both inclusive. */
  readonly fromDay: string;
  readonly toDay: string;
  readonly client: string | undefined;
  readonly project: string | undefined;
  readonly runId: string | undefined;
  readonly limit: number;
  readonly after: LedgerPlace | undefined;
}

export interface AskedLedger {
  readonly fromDay: string;
  readonly toDay: string;
  readonly client: string;
  readonly project: string;
  readonly runId: string;
  readonly limit: number;
  readonly after: string;
}

const USUAL_LIMIT = 100;
const MOST = 1_000;
const FIRST_DAY = '1970-01-01';
const LAST_DAY = '9999-12-31';
const PLACE = /^(\d{4}-\d{2}-\d{2})\.(\d{1,16})$/;

/** What was asked, with the defaults: this month so far, or of a run all there is; 100 rows. Throws AppError `invalid_request` with its `param`. */
export function ledgerQueryFrom(asked: AskedLedger, today: string): LedgerQuery {
  const isRun = asked.runId !== '';
  if (isRun && !isUuid(asked.runId)) throw invalidQuery('run_id', 'must be the id of a run');
  if (asked.limit < 0 || asked.limit > MOST) throw invalidQuery('limit', `must be a whole number from 1 to ${MOST}`);
  return {
    fromDay: asked.fromDay !== '' ? checkedDay(asked.fromDay, 'from_day') : isRun ? FIRST_DAY : windowStart('month', today),
    toDay: asked.toDay !== '' ? checkedDay(asked.toDay, 'to_day') : isRun ? LAST_DAY : today,
    client: asked.client || undefined,
    project: asked.project || undefined,
    runId: asked.runId || undefined,
    limit: asked.limit || USUAL_LIMIT,
    after: asked.after === '' ? undefined : placeFrom(asked.after),
  };
}

/** The place as a page's `next` names it. */
export function placeText({ day, entry }: LedgerPlace): string {
  return `${day}.${entry}`;
}

function placeFrom(text: string): LedgerPlace {
  const [, day = '', entry = ''] = PLACE.exec(text) ?? [];
  if (day === '') throw invalidQuery('after', "must be a page's `next`");
  return { day: checkedDay(day, 'after'), entry: Number(entry) };
}
