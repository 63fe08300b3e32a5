// Loaded into an isolated process: imports packages only, nothing by relative path.
import { all, create, type BigNumber, type MathJsInstance, type MathType } from 'mathjs';

/** A result as text, or why there is none; `isRounded` says that digits are missing. */
export type Evaluation = { readonly kind: 'value'; readonly text: string; readonly isRounded: boolean } | { readonly kind: 'invalid'; readonly message: string };

/** Significant decimal digits of the arithmetic. */
const PRECISION = 128;
/** Results with more digits than this have no short decimal form (1/3) and are shown rounded. */
const EXACT_DIGITS = 64;
const ROUNDED_DIGITS = 20;
/** Digits of results that went through doubles, less the two that doubles get wrong. */
const DOUBLE_DIGITS = 14;
const MAX_ELEMENTS = 10_000;
const MAX_FACTORIAL = 10_000;

/** Functions that read or change the evaluator itself, or run expressions out of our sight. */
const DISABLED = [
  'import', 'config', 'createUnit', 'typed', 'evaluate', 'parse', 'parser', 'compile', 'chain', 'help', 'reviver', 'replacer',
  'simplify', 'simplifyCore', 'simplifyConstant', 'derivative', 'rationalize', 'resolve', 'symbolicEqual', 'leafCount', 'lyap', 'sylvester', 'schur',
] as const;

type Callable = (...args: unknown[]) => unknown;
type Evaluate = (expression: string, scope: Map<string, unknown>) => MathType;

const math = create(all!, { number: 'BigNumber', precision: PRECISION });
const exact = limited(math);
let doubles: Evaluate | undefined;

/**
 * Evaluates one expression in 128-digit decimal arithmetic; what only works in doubles (`erf`, `gamma(0.5)`) falls back to them.
 * Nothing of one expression is left for the next. Time and memory are the caller's to limit.
 */
export function evaluateExpression({ expression }: { readonly expression: string }): Evaluation {
  try {
    return present(exact(expression, new Map()));
  } catch (error) {
    const message = error instanceof Error ? error.message : 'unknown';
    if (error instanceof SyntaxError || /^Undefined|not available|at most/.test(message)) return { kind: 'invalid', message };
    try {
      doubles ??= limited(create(all!, { number: 'number' }));
      return present(doubles(expression, new Map()));
    } catch {
      return { kind: 'invalid', message };
    }
  }
}

/** The instance's `evaluate`, with the functions above disabled and those that build large things bounded. */
function limited(instance: MathJsInstance): Evaluate {
  const evaluate = instance.evaluate.bind(instance) as Evaluate;
  instance.createUnit({ mph: '1 mile/hour', kph: '1 km/hour', knot: '1852 m/hour' });
  // The names that expressions see, operators included (`5!`, `1:9`). `instance.import` would break mathjs's own use of them.
  const visible = (instance as unknown as { expression: { mathWithTransform: Record<string, Callable> } }).expression.mathWithTransform;
  const define = (name: string, value: Callable): void => void Object.defineProperty(visible, name, { value });
  const bound = (name: string, isTooLarge: (args: readonly unknown[]) => boolean, limit: string): void => {
    const original = visible[name]!;
    define(name, (...args) => {
      if (isTooLarge(args)) throw new Error(`${name} takes at most ${limit}`);
      return original(...args);
    });
  };
  for (const name of ['ones', 'zeros', 'identity']) bound(name, (args) => product(sizes(args)) > MAX_ELEMENTS, `${MAX_ELEMENTS} elements`);
  bound('resize', ([, size]) => product(sizes([size])) > MAX_ELEMENTS, `${MAX_ELEMENTS} elements`);
  bound('range', (args) => rangeLength(args) > MAX_ELEMENTS, `${MAX_ELEMENTS} elements`);
  for (const name of ['factorial', 'gamma']) bound(name, (args) => sizes(args).some((size) => size > MAX_FACTORIAL), String(MAX_FACTORIAL));
  for (const name of DISABLED) {
    define(name, () => {
      throw new Error(`${name} is not available here`);
    });
  }
  define('ln', visible['log']!);
  return evaluate;
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total * number, 1);
}

/** Elements of a range by start, end and step; NaN, which is below every limit, where they are no numbers. */
function rangeLength([start, end, step]: readonly unknown[]): number {
  return Math.abs((Number(end) - Number(start)) / Number(typeof step === 'boolean' ? 1 : (step ?? 1)));
}

/** Every number among the arguments, those inside arrays and matrices too. */
function sizes(args: readonly unknown[]): number[] {
  return args.flatMap((arg): number[] => {
    if (Array.isArray(arg)) return sizes(arg);
    if (math.isMatrix(arg)) return sizes(arg.valueOf());
    return typeof arg === 'number' || math.isBigNumber(arg) || typeof arg === 'bigint' ? [Math.abs(Number(arg))] : [];
  });
}

function present(value: MathType | undefined): Evaluation {
  if (value === undefined) return { kind: 'invalid', message: 'there is nothing to evaluate' };
  if (typeof value === 'function') return { kind: 'invalid', message: 'this defines a function but does not call it; add a call after a semicolon' };
  let isRounded = false;
  const digits = (number: unknown): string => {
    const shown = math.isBigNumber(number) ? decimal(number) : double(number as number);
    isRounded ||= shown.isRounded;
    return shown.text;
  };
  const line = (one: unknown): string => {
    if (typeof one === 'string') return one;
    if (!math.isComplex(one)) return math.format(one, digits);
    isRounded ||= !Number.isInteger(one.re) || !Number.isInteger(one.im);
    return math.format(one, { precision: DOUBLE_DIGITS });
  };
  const text = math.isResultSet(value) ? (value.valueOf() as unknown[]).map(line).join('\n') : line(value);
  return { kind: 'value', text, isRounded };
}

function decimal(value: BigNumber): { text: string; isRounded: boolean } {
  if (!value.isFinite()) return { text: value.toString(), isRounded: false };
  if (value.isInteger() && value.e < PRECISION) return { text: value.toFixed(), isRounded: false };
  // 1/3 * 3 ends in a few wrong digits; without them it is 1.
  const clean = value.toSignificantDigits(PRECISION - 8);
  const isExact = clean.precision() <= EXACT_DIGITS;
  // sin(pi) comes out as 1e-128: noise of the arithmetic, not a result.
  if (!isExact && value.e < -100) return { text: '0', isRounded: true };
  const shown = isExact ? clean : value.toSignificantDigits(ROUNDED_DIGITS);
  return { text: shown.e > -10 && shown.e < PRECISION ? shown.toFixed() : shown.toString(), isRounded: !isExact };
}

function double(value: number): { text: string; isRounded: boolean } {
  const text = math.format(value, { precision: DOUBLE_DIGITS });
  return { text, isRounded: Number.isFinite(value) && !Number.isInteger(value) && Number(text) !== value };
}
