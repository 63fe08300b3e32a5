/** A calculation in a text. */
export interface Calculation {
  /** Where it begins in the text. */
  readonly at: number;
  /** As the person wrote it: `17.5% of 1,280`. */
  readonly label: string;
  /** In plain arithmetic: `17.5 / 100 * 1280`. */
  readonly expression: string;
}

type TokenKind = 'number' | 'operator' | 'postfix' | 'open' | 'close' | 'sign';
interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** A longer run of numbers and signs is a table and no question. */
const MAX_TOKENS = 400;

const DIGITS = String.raw`(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)`;
const WORDS = 'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty'.split(' ');
const NOT_ARITHMETIC = /https?:\/\/\S+|\b\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z?)?\b|\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b|\b\d{1,2}:\d{2}(?::\d{2})?\b|\b24\/7\b/g;
const ASKS_FOR_ARITHMETIC = /\b(?:what(?:'s|’s| is| are)|how (?:much|many)|calculate|compute|evaluate|solve|work out|sum of)\b|=/i;

const MARKS: readonly [pattern: RegExp, kind: TokenKind, text: (match: RegExpExecArray) => string][] = [
  [new RegExp(String.raw`(?:the )?square root of (${DIGITS})`, 'iy'), 'number', (match) => `sqrt(${plain(match[1])})`],
  [new RegExp(String.raw`sqrt\(\s*(${DIGITS})\s*\)`, 'iy'), 'number', (match) => `sqrt(${plain(match[1])})`],
  [new RegExp(String.raw`[$€£]?(${DIGITS})(?![\p{L}\d])`, 'yu'), 'number', (match) => plain(match[1])],
  [new RegExp(String.raw`(${WORDS.join('|')})\b`, 'iy'), 'number', (match) => String(WORDS.indexOf(match[1]?.toLowerCase() ?? ''))],
  [/(?:%|percent|per cent)\s+of\b(?:\s+the)?/iy, 'operator', () => '/ 100 *'],
  [/%|percent\b|per cent\b/iy, 'postfix', () => '/ 100'],
  [/squared\b/iy, 'postfix', () => '^ 2'],
  [/cubed\b/iy, 'postfix', () => '^ 3'],
  [/\+|plus\b/iy, 'operator', () => '+'],
  [/[-−–]|minus\b/iy, 'sign', () => '-'],
  [/\*\*|\^|(?:raised )?to the power of\b/iy, 'operator', () => '^'],
  [/[*×·]|times\b|multiplied by\b|x(?=\s*[\d.(])/iy, 'operator', () => '*'],
  [/[/÷]|divided by\b|over\b/iy, 'operator', () => '/'],
  [/modulo\b|mod\b/iy, 'operator', () => '%'],
  [/\(/y, 'open', () => '('],
  [/\)/y, 'close', () => ')'],
];

/** The calculations in a text, in its order. Dates, times of day and addresses are none; neither is a number by itself. */
export function findCalculations(text: string): Calculation[] {
  const arithmetic = text.replace(NOT_ARITHMETIC, (part) => ' '.repeat(part.length).replace(/^ /, ';'));
  const isAsked = ASKS_FOR_ARITHMETIC.test(arithmetic);
  const found: Calculation[] = [];
  for (const run of runsOf(arithmetic)) {
    if (run.length > MAX_TOKENS) continue;
    const tokens = trim(run);
    const [first, last] = [tokens[0], tokens[tokens.length - 1]];
    if (!first || !last || !isBalanced(tokens) || !tokens.some((token) => token.kind === 'operator' || token.kind === 'sign' || token.text.includes('^') || token.text.startsWith('sqrt'))) continue;
    const label = text.slice(first.from, last.to);
    // "2-3 days" and "and/or 1/2" are no questions; "2 - 3" and "what is 2-3" are.
    if (!isAsked && /^[\d.,]+[-–/][\d.,]+$/.test(label)) continue;
    found.push({ at: first.from, label, expression: render(tokens) });
  }
  return found;
}

/** Stretches of the text that are nothing but tokens and white space. */
function runsOf(text: string): Token[][] {
  const runs: Token[][] = [];
  let run: Token[] = [];
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] ?? '')) {
      at++;
      continue;
    }
    const startsWord = at === 0 || !/[\p{L}\d]/u.test(text[at - 1] ?? '') || run[run.length - 1]?.to === at;
    const token = startsWord ? tokenAt(text, at) : undefined;
    if (token && !(token.kind === 'number' && run[run.length - 1]?.kind === 'number')) {
      run.push(token);
      at = token.to;
      continue;
    }
    if (run.length > 0) runs.push(run);
    run = [];
    // A number that follows another begins a new stretch; anything else ends one.
    if (token) {
      run.push(token);
      at = token.to;
    } else at++;
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

function tokenAt(text: string, at: number): Token | undefined {
  for (const [pattern, kind, write] of MARKS) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) return { kind, text: write(match), from: at, to: at + match[0].length };
  }
  return undefined;
}

/** Without what cannot stand at the beginning or the end of an expression. */
function trim(run: readonly Token[]): Token[] {
  let [from, to] = [0, run.length];
  const begins = (token: Token | undefined, next: Token | undefined): boolean =>
    token?.kind === 'number' || token?.kind === 'open' || (token?.kind === 'sign' && next?.kind === 'number' && next.from === token.to);
  const ends = (token: Token | undefined): boolean => token?.kind === 'number' || token?.kind === 'close' || token?.kind === 'postfix';
  while (from < to && !begins(run[from], run[from + 1])) from++;
  while (to > from && !ends(run[to - 1])) to--;
  const tokens = run.slice(from, to);
  // A bracket around the whole of something else, "(see 3 + 4)", is not closed inside the run.
  if (tokens[0]?.kind === 'open' && !isBalanced(tokens)) return trim(tokens.slice(1));
  if (tokens[tokens.length - 1]?.kind === 'close' && !isBalanced(tokens)) return trim(tokens.slice(0, -1));
  return isUnary(tokens) ? [] : tokens;
}

/** `-5` alone is a number and no calculation. */
function isUnary(tokens: readonly Token[]): boolean {
  return tokens.length === 2 && tokens[0]?.kind === 'sign';
}

function isBalanced(tokens: readonly Token[]): boolean {
  let depth = 0;
  for (const { kind } of tokens) {
    if (kind === 'open') depth++;
    if (kind === 'close' && --depth < 0) return false;
  }
  return depth === 0;
}

function render(tokens: readonly Token[]): string {
  return tokens
    .map((token) => token.text)
    .join(' ')
    .replace(/\( /g, '(')
    .replace(/ \)/g, ')')
    .replace(/(^|[-+*/^%(] ?)- (?=[\d.])/g, '$1-');
}

function plain(digits: string | undefined): string {
  return (digits ?? '').replaceAll(',', '');
}
