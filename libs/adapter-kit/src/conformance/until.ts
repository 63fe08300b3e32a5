import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';

const LOOK_EVERY_MS = 10;

/** Looks until it is so; throws AppError `not_in_time` with what was seen last. */
export async function until<T>(what: string, look: () => Promise<T> | T, isSo: (seen: T) => boolean, withinMs = 15_000): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > end) throw new AppError('not_in_time', `${what}: not within ${withinMs} ms; last seen: ${JSON.stringify(seen)?.slice(0, 1_000)}`);
    await delay(LOOK_EVERY_MS);
  }
}
