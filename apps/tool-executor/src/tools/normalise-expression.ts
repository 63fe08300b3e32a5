import { AppError } from '@nexus/core';

const SYMBOLS: readonly (readonly [RegExp, string])[] = [
  [/[×·⋅]/g, '*'],
  [/÷/g, '/'],
  [/[−–—]/g, '-'],
  [/π/g, ' pi '],
  [/²/g, '^2'],
  [/³/g, '^3'],
  [/[$€£¥](?=\s*[\d.])/g, ''],
  [/\bper\s?cent\b/gi, '%'],
];

const NUMBER = String.raw`\d+(?:\.\d+)?(?:e[+-]?\d+)?`;
const PERCENT_OF_NUMBER = new RegExp(String.raw`(${NUMBER})\s*%\s*of\s+(${NUMBER})(?![\w.(^!])`, 'gi');

/**
 * What people write, in the grammar that mathjs reads: `17.5% of 1,280` becomes `(17.5 / 100 * 1280)`, `×` becomes `*`.
 * Commas between groups of three digits are thousands separators, except among the arguments of a function or in a matrix.
 * Throws AppError `invalid_expression` for a comma that is neither.
 */
export function normaliseExpression(expression: string): string {
  let text = expression;
  for (const [symbol, plain] of SYMBOLS) text = text.replace(symbol, plain);
  text = withoutThousands(text);
  return text
    .replace(PERCENT_OF_NUMBER, '($1 / 100 * $2)')
    .replace(/%\s*of\b/gi, '/ 100 *')
    .trim();
}

/** Commas stay where they separate: inside `f(...)`, `[...]`, `{...}` and strings. */
function withoutThousands(text: string): string {
  const separatorsInside: boolean[] = [];
  let plain = '';
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!;
    if (quote !== '') {
      if (char === quote && text[at - 1] !== '\\') quote = '';
    } else if (char === '"' || char === "'") {
      // An apostrophe after an operand transposes a matrix.
      if (char === '"' || !/[\w)\].']\s*$/.test(plain)) quote = char;
    } else if (char === '(') {
      separatorsInside.push(/[A-Za-z_]\w*\s*$/.test(plain) && !/\b(?:of|to|in|mod|and|or|xor|not)\s*$/.test(plain));
    } else if (char === '[' || char === '{') {
      separatorsInside.push(true);
    } else if (char === ')' || char === ']' || char === '}') {
      separatorsInside.pop();
    } else if (char === ',' && !separatorsInside.at(-1)) {
      if (isThousandsSeparator(text, at)) continue;
      throw new AppError('invalid_expression', `expression: the comma at character ${at + 1} separates no group of three digits. Write decimals with a point (3.14).`, {
        status: 400,
        param: 'expression',
      });
    }
    plain += char;
  }
  return plain;
}

function isThousandsSeparator(text: string, at: number): boolean {
  return /(?:^|[^\w.,])\d{1,3}(?:,\d{3})*$/.test(text.slice(Math.max(0, at - 64), at)) && /^\d{3}(?!\d)/.test(text.slice(at + 1, at + 5));
}
