import { AppError, isUuid } from '@nexus/core';

/** Throws an AppError 404 for what cannot be the id of a thread or run, as for one that does not exist. */
export function requireId(what: 'thread' | 'run', id: string): void {
  if (!isUuid(id)) throw new AppError(`${what}_not_found`, `There is no such ${what}.`, { status: 404, param: `${what}_id` });
}
