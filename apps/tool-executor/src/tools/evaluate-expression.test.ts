import { describe, expect, it } from 'vitest';
import { evaluateExpression } from './evaluate-expression.js';

const evaluate = (expression: string): unknown => {
  const result = evaluateExpression({ expression });
  return result.kind === 'value' ? `${result.text}${result.isRounded ? ' ~' : ''}` : result;
};

describe('evaluateExpression', () => {
  it.each([
    ['1e-12', '1e-12'],
    ['0.000001', '0.000001'],
    ['1e200', '1e+200'],
    ['200!', '7.8865786736479050355e+374 ~'],
    ['2/3 * 3', '2'],
    ['sqrt(2)^2', '2'],
    ['(0.1 + 0.2) / 3 * 3', '0.3'],
    ['2/3', '0.66666666666666666667 ~'],
    ['1/0', 'Infinity'],
    ['0/0', 'NaN'],
    ['[1/3, 2]', '[0.33333333333333333333, 2] ~'],
    ['{a: 0.5}', '{"a": 0.5}'],
    ['1 == 1', 'true'],
    ['concat("a", "b")', 'ab'],
    ['1 + 1\n2 + 2', '2\n4'],
    ['5 km to miles', '3.1068559611866698481 miles ~'],
    ['60 mph to km/h', '96.56064 km / h'],
    ['range(1, 9, 4)', '[1, 5, 9]'],
    ['1:3:10', '[1, 4, 7, 10]'],
    ['erf(0.5)', '0.52049987781305 ~'],
    ['size(ones(100, 100))', '[100, 100]'],
  ])('%j is %j', (expression, result) => {
    expect(evaluate(expression)).toBe(result);
  });

  it.each(['ones(101, 100)', 'zeros([1e3, 1e3])', 'identity(101, 101)', 'resize([1], [1e5])', 'range(0, 1, 1e-6)', '1:1e-3:100', '10001!', 'gamma(10001)', 'factorial([1e9])'])('does not begin %s', (expression) => {
    expect(evaluate(expression)).toEqual({ kind: 'invalid', message: expect.stringContaining('takes at most 10000') as string });
  });
});
