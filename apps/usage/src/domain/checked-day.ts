import { AppError } from '@nexus/core';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The day (YYYY-MM-DD) that a question names. Throws AppError `invalid_request` with its `param` for what is none. */
export function checkedDay(text: string, param: string): string {
  const time = DAY.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // 31 February is parsed as a day in March.
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== text) throw invalidQuery(param, 'must be a day such as 2026-11-20');
  return text;
}

/** A question that cannot be answered; `advice` follows the name of what is wrong. */
export function invalidQuery(param: string, advice: string): AppError {
  return new AppError('invalid_request', `${param} ${advice}.`, { status: 400, param });
}
