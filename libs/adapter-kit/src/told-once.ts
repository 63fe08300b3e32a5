import type { AdapterObserver } from './observer.js';

/** An outage strikes every open message alike: one word about it in this time is enough. */
const WITHIN_MS = 10_000;
const OF_OUTAGES = new Set(['publish', 'remember']);

/** The same observer, which hears of a problem with NEXUS or the memory once, not once for each message. */
export function toldOnce(observer: AdapterObserver): AdapterObserver {
  const told = new Map<string, number>();
  return {
    count: (what) => observer.count?.(what),
    startMessage: observer.startMessage && ((message) => observer.startMessage?.(message) ?? { traceparent: '', end: () => undefined }),
    answered: (durationMs) => observer.answered?.(durationMs),
    problem: (doing, error) => {
      const key = `${doing} ${error.code}`;
      const now = performance.now();
      if (OF_OUTAGES.has(doing) && now - (told.get(key) ?? -Infinity) < WITHIN_MS) return;
      told.set(key, now);
      observer.problem?.(doing, error);
    },
  };
}
