import { describe, expect, it } from 'vitest';
import { answered, ask, closed, failed, told, unprobed, type Breaker } from './circuit-breaker.js';

const settings = { failures: 3, windowMs: 1_000, openMs: 100 };
const failing = (times: number, at = 0, from: Breaker = closed): Breaker => Array.from({ length: times }).reduce<Breaker>((breaker) => failed(breaker, settings, at), from);

describe('a breaker', () => {
  it('opens after so many failures in a row', () => {
    expect(failing(2)).toMatchObject({ kind: 'closed', failures: 2 });
    expect(failing(3, 50)).toEqual({ kind: 'open', until: 150, times: 1 });
  });

  it('forgets failures when a call is answered, and those that are too long ago', () => {
    expect(failing(2, 0, answered(failing(2)))).toMatchObject({ kind: 'closed', failures: 2 });
    expect(failing(1, 1_001, failing(2))).toEqual({ kind: 'closed', failures: 1, since: 1_001 });
  });

  it('lets nothing through while it is open, then one call, and what comes of that decides', () => {
    const open = failing(3);
    expect(ask(open, 99)).toMatchObject({ leave: 'none', waitMs: 1 });
    const probe = ask(open, 100);
    expect(probe.leave).toBe('probe');
    expect(ask(probe.breaker, 101).leave).toBe('none');
    expect(answered(probe.breaker)).toBe(closed);
    expect(failed(probe.breaker, settings, 200)).toEqual({ kind: 'open', until: 400, times: 2 });
  });

  it('stays open twice as long each time, up to sixteen times as long', () => {
    let breaker = failing(3);
    const lengths = Array.from({ length: 7 }, () => {
      const now = breaker.kind === 'open' ? breaker.until : 0;
      breaker = failed(ask(breaker, now).breaker, settings, now);
      return breaker.kind === 'open' ? breaker.until - now : 0;
    });
    expect(lengths).toEqual([200, 400, 800, 1_600, 1_600, 1_600, 1_600]);
  });

  it('lets another call be the probe when the first was taken back, or has told nothing for long', () => {
    const { breaker } = ask(failing(3), 100);
    expect(ask(unprobed(breaker, 110), 110).leave).toBe('probe');
    expect(ask(breaker, 30_100).leave).toBe('probe');
  });

  it('is not changed by calls that were begun before it opened', () => {
    const open = failing(3);
    expect(failed(open, settings, 10)).toBe(open);
    expect(unprobed(open, 10)).toBe(open);
  });

  it('takes over what another replica has found out', () => {
    expect(ask(told(closed, { kind: 'open', until: 70, times: 2 }), 69).leave).toBe('none');
    expect(ask(told(closed, { kind: 'probing', until: 70, times: 2 }), 69).leave).toBe('none');
    expect(told(failing(3), { kind: 'closed', until: 0, times: 0 })).toBe(closed);
    const { breaker: mine } = ask(failing(3), 100);
    expect(told(mine, { kind: 'probing', until: 999, times: 1 })).toBe(mine);
  });
});
