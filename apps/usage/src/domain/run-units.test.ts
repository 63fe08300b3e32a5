import { describe, expect, it } from 'vitest';
import { runUnits, usualRunUnitRates, type RunWork } from './run-units.js';

const work: RunWork = { cpuSeconds: 0, gpuSeconds: 0, tier: 'fast', toolCalls: 0 };

describe('run units, in thousandths', () => {
  it.each([
    ['the longer of CPU and GPU', { cpuSeconds: 1.5, gpuSeconds: 2 }, 2_000],
    ['the multiplier of the tier', { gpuSeconds: 2, tier: 'best' }, 30_000],
    ['the overhead of each tool', { toolCalls: 3 }, 150],
    ['both together', { cpuSeconds: 0.25, tier: 'balanced', toolCalls: 1 }, 1_050],
    ['no multiplier where no tier is known', { cpuSeconds: 2, tier: undefined }, 2_000],
    ['no multiplier for a tier that has none, whatever it is called', { cpuSeconds: 2, tier: 'constructor' }, 2_000],
    ['a part of a thousandth as a whole one', { cpuSeconds: 0.0001 }, 1],
    ['nothing for nothing', {}, 0],
  ])('count %s', (_what, more, units) => {
    expect(runUnits({ ...work, ...more })).toBe(units);
  });

  it('go by other rates', () => {
    expect(runUnits({ ...work, cpuSeconds: 1, tier: 'huge', toolCalls: 2 }, { ...usualRunUnitRates, tiers: { huge: 100 }, toolOverhead: 1 })).toBe(102_000);
  });

  it('refuse work below zero', () => {
    expect(() => runUnits({ ...work, cpuSeconds: -1 })).toThrow('cpuSeconds must be zero or more');
    expect(() => runUnits({ ...work, gpuSeconds: Number.NaN })).toThrow(RangeError);
  });
});
