import type { BreakerSettings } from '../provider-config.js';

/**
 * Whether a provider may be called. `closed`: yes. `open`: not until `until`. `probing`: one call is trying whether it is well again, and
 * the others wait for what comes of it, until `until` at most. Times are Unix milliseconds.
 */
export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number; /** Of the first of them. */ readonly since: number }
  | { readonly kind: 'open'; readonly until: number; /** Openings in a row. */ readonly times: number }
  | { readonly kind: 'probing'; readonly until: number; readonly times: number };

/** What one replica tells the others of a provider. */
export interface BreakerNews {
  readonly kind: Breaker['kind'];
  readonly until: number;
  readonly times: number;
}

export const closed: Breaker = { kind: 'closed', failures: 0, since: 0 };

/** Each opening in a row lasts twice as long as the one before, this often. */
const MOST_DOUBLINGS = 4;
/** A probe that has told nothing for so long is taken for lost, and another one may be made. */
const PROBE_WITHIN_MS = 30_000;

/** What asking whether a call may be made gives: the state after it, and what the call is. */
export interface Leave {
  readonly breaker: Breaker;
  readonly leave: 'call' | 'probe' | 'none';
  /** Milliseconds until another leave makes sense; only with `none`. */
  readonly waitMs: number;
}

/** Asks for leave to make one call. The first after the rest is the probe. */
export function ask(breaker: Breaker, now: number): Leave {
  if (breaker.kind === 'closed') return { breaker, leave: 'call', waitMs: 0 };
  if (now < breaker.until) return { breaker, leave: 'none', waitMs: breaker.until - now };
  return { breaker: { kind: 'probing', until: now + PROBE_WITHIN_MS, times: breaker.times }, leave: 'probe', waitMs: 0 };
}

/** A call was answered, be it with a refusal that its caller deserved. */
export function answered(breaker: Breaker): Breaker {
  return breaker.kind === 'closed' && breaker.failures === 0 ? breaker : closed;
}

/** A call failed through no fault of its caller. Calls that were begun before it opened change nothing any more. */
export function failed(breaker: Breaker, settings: BreakerSettings, now: number): Breaker {
  if (breaker.kind === 'open') return breaker;
  if (breaker.kind === 'probing') return opened(breaker.times + 1, settings, now);
  const isNew = breaker.failures === 0 || now - breaker.since > settings.windowMs;
  const failures = isNew ? 1 : breaker.failures + 1;
  return failures >= settings.failures ? opened(1, settings, now) : { kind: 'closed', failures, since: isNew ? now : breaker.since };
}

/** The probe was taken back before anything came of it: the next call may be one. */
export function unprobed(breaker: Breaker, now: number): Breaker {
  return breaker.kind === 'probing' ? { kind: 'open', until: now, times: breaker.times } : breaker;
}

/** What another replica has found out. One that is probing here goes on: its own finding will be newer. */
export function told(breaker: Breaker, news: BreakerNews): Breaker {
  if (news.kind === 'closed') return closed;
  if (breaker.kind === 'probing' && news.kind === 'probing') return breaker;
  return { kind: news.kind, until: news.until, times: news.times };
}

function opened(times: number, { openMs }: BreakerSettings, now: number): Breaker {
  return { kind: 'open', until: now + openMs * 2 ** Math.min(times - 1, MOST_DOUBLINGS), times };
}
