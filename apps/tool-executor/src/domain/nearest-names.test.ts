import { describe, expect, it } from 'vitest';
import { nearestNames } from './nearest-names.js';

const names = ['current_time', 'math_solver', 'load_web_page'];

describe('nearestNames', () => {
  it.each([
    ['curent_time', ['current_time']],
    ['CurrentTime', ['current_time']],
    ['math', ['math_solver']],
    ['loadWebPages', ['load_web_page']],
    ['send_email', []],
    ['', []],
  ])('for %j offers %j', (name, expected) => {
    expect(nearestNames(name, names)).toEqual(expected);
  });

  it('does not compare names that are far too long to be a mistake', () => {
    expect(nearestNames('x'.repeat(10_000), ['x'.repeat(10_000)])).toEqual([]);
  });

  it('puts the nearest first and stops at the limit', () => {
    expect(nearestNames('solvrs', ['solders', 'savours', 'solvers', 'divers'], 2)).toEqual(['solvers', 'solders']);
  });
});
