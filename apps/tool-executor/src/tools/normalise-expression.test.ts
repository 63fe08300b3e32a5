import { describe, expect, it } from 'vitest';
import { normaliseExpression } from './normalise-expression.js';

describe('normaliseExpression', () => {
  it.each([
    ['17.5% of 1,280', '(17.5 / 100 * 1280)'],
    ['17.5 percent of 1,280.50', '(17.5 / 100 * 1280.50)'],
    ['17.5 per cent of $1,280', '(17.5 / 100 * 1280)'],
    ['400 / 10% of 50', '400 / (10 / 100 * 50)'],
    ['(3 + 4)% of (10 + 10)', '(3 + 4)/ 100 * (10 + 10)'],
    ['20% of 3^2', '20/ 100 * 3^2'],
    ['1,234,567 + 1', '1234567 + 1'],
    ['(1,280) * 2', '(1280) * 2'],
    ['2*(1,280 + 1)', '2*(1280 + 1)'],
    ['max(1,280)', 'max(1,280)'],
    ['max(1,280, (2,000))', 'max(1,280, (2000))'],
    ['[1,280]', '[1,280]'],
    ['5 mod (1,280)', '5 mod (1280)'],
    ["[1,280]' * 3", "[1,280]' * 3"],
    ['concat("1,2", "3")', 'concat("1,2", "3")'],
    ['6 × 7 ÷ 2 − 1', '6 * 7 / 2 - 1'],
    ['3² + 2³', '3^2 + 2^3'],
    [' 8 % 3 ', '8 % 3'],
  ])('reads %j as %j', (expression, normal) => {
    expect(normaliseExpression(expression)).toBe(normal);
  });

  it.each(['3,14', '1,28', '1,2800', '12,34,567', '1.5,000', '0001,280', ',5', '1,,000'])('refuses the comma of %j', (expression) => {
    expect(() => normaliseExpression(expression)).toThrow(expect.objectContaining({ code: 'invalid_expression', param: 'expression' }));
  });
});
