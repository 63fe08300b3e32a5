import { describe, expect, it } from 'vitest';
import { dearerTier, runUnits, type RunWork } from './run-units.js';

const work: RunWork = { cpuMs: 0, computeMs: 0, tier: 'fast', toolCalls: 0 };

describe('run units, in thousandths', () => {
  it.each([
    ['the longer of processors and local models', { cpuMs: 1_500, computeMs: 2_000 }, 2_000],
    ['the multiplier of the tier', { computeMs: 2_000, tier: 'best' }, 30_000],
    ['the overhead of each tool', { toolCalls: 3 }, 150],
    ['both together', { cpuMs: 250, tier: 'balanced', toolCalls: 1 }, 1_050],
    ['no multiplier where no tier is known', { cpuMs: 2_000, tier: '' }, 2_000],
    ['no multiplier for a tier that has none, whatever it is called', { cpuMs: 2_000, tier: 'constructor' }, 2_000],
    ['a part of a thousandth as a whole one', { cpuMs: 0.1 }, 1],
    ['nothing for nothing', {}, 0],
  ])('count %s', (_what, more, units) => {
    expect(runUnits({ ...work, ...more })).toBe(units);
  });
});

it('the dearer of two tiers', () => {
  expect([dearerTier('', 'fast'), dearerTier('best', 'fast'), dearerTier('balanced', 'best'), dearerTier('fast', 'no tier'), dearerTier('', '')]).toEqual(['fast', 'best', 'best', 'fast', '']);
});
