import { describe, expect, it } from 'vitest';
import { QueueForecast } from './queue-forecast.js';

interface Load {
  /** A second. */
  readonly arrivals: number;
  readonly capacity: number;
  readonly limitMs: number;
  readonly seconds: number;
}

/** Until the first look at a queue that begins to grow nobody is refused: what came by then has to be worked off. */
const SETTLED_MS = 5_000;

/** A queue in simulated time, looked at every 100 ms: how long what was let in waited, how many were refused, and how long the consumer had nothing to do. */
function simulate({ arrivals, capacity, limitMs, seconds }: Load) {
  const forecast = new QueueForecast();
  const queue: number[] = [];
  const waits: number[] = [];
  let refused = 0;
  let idleMs = 0;
  let credit = 0;
  let due = 0;
  for (let now = 0; now < seconds * 1_000; now++) {
    for (due += arrivals / 1_000; due >= 1; due--) {
      if (forecast.exceeds(limitMs, now)) refused++;
      else {
        forecast.publish(now);
        queue.push(now);
      }
    }
    credit = Math.min(credit + capacity / 1_000, 1);
    for (; credit >= 1 && queue.length > 0; credit--) {
      const wait = now - (queue.shift() ?? now);
      if (now > SETTLED_MS) waits.push(wait);
    }
    if (queue.length === 0 && credit >= 1) idleMs++;
    if (now % 100 === 99) forecast.observe(now, queue.length === 0 ? 0 : now - (queue[0] ?? now));
  }
  waits.sort((a, b) => a - b);
  return { p99: waits[Math.floor(waits.length * 0.99)] ?? 0, refused, idleShare: idleMs / (seconds * 1_000) };
}

describe('QueueForecast', () => {
  it('lets everything in that the consumers keep up with', () => {
    expect(simulate({ arrivals: 100, capacity: 128, limitMs: 500, seconds: 20 })).toMatchObject({ refused: 0, p99: expect.closeTo(0, -1) as number });
  });

  it.each([1.5, 3, 10])('keeps the wait near its limit and the consumers busy at %d times their capacity', (factor) => {
    const { p99, refused, idleShare } = simulate({ arrivals: 128 * factor, capacity: 128, limitMs: 500, seconds: 60 });
    expect(p99).toBeGreaterThan(250);
    expect(p99).toBeLessThan(700);
    expect(idleShare).toBeLessThan(0.02);
    expect(refused).toBeGreaterThan(128 * (factor - 1) * 60 * 0.9);
  });

  it('heeds the queue of others, of which it has published nothing', () => {
    const forecast = new QueueForecast();
    forecast.observe(1_000, 400);
    expect(forecast.exceeds(500, 1_050)).toBe(false);
    forecast.observe(1_100, 500);
    expect(forecast.exceeds(500, 1_150)).toBe(true);
    expect(forecast.waitMs(1_150)).toBe(500);
  });

  it('refuses nobody for a burst that is on its way', () => {
    const forecast = new QueueForecast();
    forecast.observe(1_000, 0);
    for (let i = 0; i < 10_000; i++) forecast.publish(1_010);
    expect(forecast.exceeds(500, 1_020)).toBe(false);
    forecast.observe(1_100, 3);
    expect(forecast.exceeds(500, 1_110)).toBe(false);
  });

  it('knows nothing from long ago', () => {
    const forecast = new QueueForecast();
    forecast.observe(1_000, 60_000);
    expect(forecast.exceeds(500, 2_999)).toBe(true);
    expect(forecast.exceeds(500, 3_001)).toBe(false);
    expect(forecast.waitMs(3_001)).toBe(0);
  });
});
