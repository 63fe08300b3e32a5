import { expect, it } from 'vitest';
import { CallsUnderWay } from './calls-under-way.js';

it('stops the calls that a cancel names, and no others', () => {
  const calls = new CallsUnderWay({ now: () => 0 });
  const [a, b, c] = [calls.begin('a', 'run', undefined), calls.begin('b', 'run', undefined), calls.begin('c', undefined, 'me')];
  calls.cancelAttempt('c');
  expect([a, b, c].map(({ stop }) => stop.signal.aborted)).toEqual([false, false, true]);
  calls.cancelRun('run');
  expect([a, b].map(({ stop }) => stop.signal.aborted)).toEqual([true, true]);
  calls.end('c');
  expect([calls.find('a'), calls.find('c')]).toEqual([a, undefined]);
});

it('remembers for a minute a cancel that came first', () => {
  let now = 0;
  const calls = new CallsUnderWay({ now: () => now });
  calls.cancelAttempt('a');
  calls.cancelRun('run');
  now = 59_000;
  calls.cancelAttempt('late');
  expect(['a', 'b', 'late', 'other'].map((id) => calls.begin(id, id === 'b' ? 'run' : 'another run', undefined).stop.signal.aborted)).toEqual([true, true, true, false]);
  now = 60_000;
  expect(['a 2', 'b 2'].map((id) => calls.begin(id, 'run', undefined).stop.signal.aborted)).toEqual([false, false]);
  calls.end('a');
  expect(calls.begin('a', undefined, undefined).stop.signal.aborted).toBe(false);
});

it('does not stop who asks again after a cancel', () => {
  const calls = new CallsUnderWay({ now: () => 2_000 });
  calls.cancelAttempt('a', 1_000);
  expect([999, 1_000, 1_001].map((askedAt) => calls.begin('a', undefined, 'me', askedAt).stop.signal.aborted)).toEqual([true, true, false]);
});
