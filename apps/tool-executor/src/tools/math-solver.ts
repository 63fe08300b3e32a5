import { AppError } from '@nexus/core';
import { z } from 'zod';
import type { Tool } from '../domain/tool.js';
import type { Evaluation } from './evaluate-expression.js';
import { normaliseExpression } from './normalise-expression.js';
import { parametersOf } from './parameters-of.js';
import { ProcessPool } from './process-pool.js';

export interface MathSolverConfig {
  /** Milliseconds of calculation for one expression; default 2,000. */
  readonly timeoutMs?: number;
  /** Megabytes of memory for one expression; default 128. */
  readonly maxHeapMb?: number;
  /** Expressions calculated at once, each in its own process; default 2. */
  readonly processes?: number;
}

/** Milliseconds beside the calculation: the start of a process (0.4 s on an idle machine) and the wait for a free one. */
const OVERHEAD_MS = 10_000;

const argumentsSchema = z.strictObject({
  expression: z
    .string()
    .min(1)
    .max(2_000)
    .describe('e.g. "17.5% of 1,280", "2^64 - 1", "sqrt(2) * 3", "5 km to miles", "det([1, 2; 3, 4])", "a = 3; a^2 + 1". Commas inside f(...) and [...] separate values.'),
});

/** `math_solver`: the value of an expression, exact where it has a short decimal form, otherwise marked `(rounded)`. */
export function mathSolver(config: MathSolverConfig = {}): Tool {
  const timeoutMs = config.timeoutMs ?? 2_000;
  const pool = new ProcessPool<{ expression: string }, Evaluation>({
    title: 'The calculation',
    module: new URL('./evaluate-expression.ts', import.meta.url),
    exportName: 'evaluateExpression',
    timeoutMs,
    maxHeapMb: config.maxHeapMb ?? 128,
    size: config.processes ?? 2,
    idleMs: 60_000,
  });
  return {
    name: 'math_solver',
    description: 'Calculates exactly: arithmetic, percentages, powers, roots, trigonometry, statistics, matrices, unit conversion. Use it for every calculation.',
    parameters: parametersOf(argumentsSchema),
    isIdempotent: true,
    timeoutMs: timeoutMs + OVERHEAD_MS,
    maxResultBytes: 16_384,
    async run(args, { signal, spent }) {
      const expression = normaliseExpression(argumentsSchema.parse(args).expression);
      const evaluation = await pool.run({ expression }, signal, spent);
      if (evaluation.kind === 'value') return evaluation.isRounded ? `${evaluation.text} (rounded)` : evaluation.text;
      throw new AppError('invalid_expression', `expression: ${evaluation.message}`, { status: 400, param: 'expression' });
    },
    close: async () => pool.close(),
  };
}
