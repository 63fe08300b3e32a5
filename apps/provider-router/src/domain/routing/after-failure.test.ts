import { describe, expect, it } from 'vitest';
import { afterFailure, type FailedTry, type Standing } from './after-failure.js';
import { RetryBudget } from './retry-budget.js';
import { defaultRouting } from './routing-config.js';

const { retries } = defaultRouting;
const standing = (more: Partial<Standing> = {}): Standing => ({ retries: 0, attempts: 1, hasNext: true, leftMs: 60_000, random: () => 0.5, ...more });
const failure = (code: string, more: Partial<FailedTry> = {}): FailedTry => ({ code, isRetryable: false, retryAfterMs: undefined, charge: 'none', ...more });
const busy = failure('rate_limited', { isRetryable: true });

describe('after a failure', () => {
  it.each<[string, FailedTry, Partial<Standing>, unknown]>([
    ['that may help again, the same model is tried after a random wait', busy, {}, { kind: 'retry', waitMs: 125 }],
    ['the wait grows', busy, { retries: 1, attempts: 2 }, { kind: 'retry', waitMs: 250 }],
    ['that was the last retry, the next model is tried', busy, { retries: 2, attempts: 3 }, { kind: 'next' }],
    ['whose provider asks for long, the next model is tried at once', failure('rate_limited', { isRetryable: true, retryAfterMs: 5_000 }), {}, { kind: 'next' }],
    ['whose provider asks for long, and there is no other, that is waited for', failure('rate_limited', { isRetryable: true, retryAfterMs: 5_000 }), { hasNext: false }, { kind: 'retry', waitMs: 5_125 }],
    ['whose provider asks for too long, it is told', failure('rate_limited', { isRetryable: true, retryAfterMs: 30_000 }), { hasNext: false }, { kind: 'stop' }],
    ['whose wait would outlast the deadline, it is told', failure('rate_limited', { isRetryable: true, retryAfterMs: 800 }), { hasNext: false, leftMs: 1_000 }, { kind: 'stop' }],
    ['of the key, the next model is tried', failure('authentication'), {}, { kind: 'next' }],
    ['of the key, and there is no other, it is told', failure('authentication'), { hasNext: false }, { kind: 'stop' }],
    ['of the request itself, it is told', failure('invalid_request'), {}, { kind: 'stop' }],
    ['of the content, no other provider is asked', failure('content_filter'), {}, { kind: 'stop' }],
    ['of which nobody knows whether it was charged, nothing follows', failure('connection_lost', { charge: 'unknown' }), {}, { kind: 'stop' }],
    ['that has cost something, nothing follows', failure('cut_stream', { charge: 'estimated' }), {}, { kind: 'stop' }],
    ['that is one of too many, it is told', busy, { attempts: 6 }, { kind: 'stop' }],
    ['with no time left, it is told', busy, { leftMs: 100 }, { kind: 'stop' }],
  ])('%s', (_what, failed, more, follows) => {
    expect(afterFailure(failed, standing(more), retries, () => true)).toEqual(follows);
  });

  it('asks the budget of retries last, and goes on without one', () => {
    let asked = 0;
    const refuse = (): boolean => (asked++, false);
    expect(afterFailure(failure('authentication'), standing(), retries, refuse)).toEqual({ kind: 'next' });
    expect(asked).toBe(0);
    expect(afterFailure(busy, standing(), retries, refuse)).toEqual({ kind: 'next' });
    expect(afterFailure(busy, standing({ hasNext: false }), retries, refuse)).toEqual({ kind: 'stop' });
    expect(asked).toBe(2);
  });
});

describe('the budget of retries', () => {
  it('is a tenth of the first tries, with some saved up', () => {
    const budget = new RetryBudget({ share: 0.1, reserve: 2 });
    expect([budget.spend(), budget.spend(), budget.spend()]).toEqual([true, true, false]);
    let granted = 0;
    for (let i = 0; i < 1_000; i++) {
      budget.earn();
      if (budget.spend()) granted++;
    }
    expect(granted).toBeGreaterThanOrEqual(98);
    expect(granted).toBeLessThanOrEqual(100);
  });

  it('saves up no more than its reserve', () => {
    const budget = new RetryBudget({ share: 0.5, reserve: 1 });
    for (let i = 0; i < 100; i++) budget.earn();
    expect([budget.spend(), budget.spend()]).toEqual([true, false]);
  });
});
