import { describe, expect, it } from 'vitest';
import { QueueForecast } from './queue-forecast.js';

interface Load {
  /** A second. */
  readonly arrivals: number;
  /** Calls at once, and how long one takes in the middle: together the capacity. */
  readonly servers: number;
  readonly callMs: number;
  readonly limitMs: number;
  readonly seconds: number;
}

/** Until the first look at a queue that begins to grow nobody is refused: what came by then has to be worked off. */
const SETTLED_MS = 15_000;

/** A queue in simulated time, looked at every 100 ms: how long what was let in waited, how many were refused, and how busy the servers were. */
function simulate({ arrivals, servers, callMs, limitMs, seconds }: Load) {
  const forecast = new QueueForecast();
  const queue: number[] = [];
  const ends: number[] = [];
  const waits: number[] = [];
  let refused = 0;
  let begun = 0;
  let due = 0;
  let seed = 7;
  for (let now = 0; now < seconds * 1_000; now++) {
    for (due += arrivals / 1_000; due >= 1; due--) {
      if (forecast.exceeds(limitMs, now)) refused++;
      else {
        forecast.publish(now);
        queue.push(now);
      }
    }
    while ((ends[0] ?? Infinity) <= now) ends.shift();
    for (let publishedAt = queue[0]; publishedAt !== undefined && ends.length < servers; publishedAt = queue[0]) {
      queue.shift();
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      ends.push(now + callMs * (0.5 + seed / 2 ** 32));
      ends.sort((a, b) => a - b);
      if (now < SETTLED_MS) continue;
      waits.push(now - publishedAt);
      begun++;
    }
    if (now % 100 === 99) forecast.observe(now, queue.length === 0 ? 0 : now - (queue[0] ?? now));
  }
  waits.sort((a, b) => a - b);
  return { p99: waits[Math.floor(waits.length * 0.99)] ?? 0, refused, busyShare: begun / (((seconds * 1_000 - SETTLED_MS) / callMs) * servers) };
}

describe('QueueForecast', () => {
  it('lets everything in that the consumers keep up with', () => {
    expect(simulate({ arrivals: 100, servers: 192, callMs: 1_500, limitMs: 500, seconds: 30 })).toMatchObject({ refused: 0, p99: 0 });
  });

  it.each([
    [1.5, 192, 1_500],
    [3, 192, 1_500],
    [10, 192, 1_500],
    [3, 64, 500],
    [3, 64, 50],
    [3, 200, 8_000],
  ])('keeps the wait near its limit and the consumers busy at %d times the capacity of %d calls of %d ms', (factor, servers, callMs) => {
    const capacity = (servers / callMs) * 1_000;
    const { p99, refused, busyShare } = simulate({ arrivals: capacity * factor, servers, callMs, limitMs: 1_000, seconds: 75 });
    expect(p99).toBeLessThan(1_600);
    expect(busyShare).toBeGreaterThan(0.95);
    expect(refused).toBeGreaterThan(capacity * (factor - 1) * 60 * 0.9);
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
