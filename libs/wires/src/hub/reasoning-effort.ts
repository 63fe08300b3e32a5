import { isUnsaid } from './body-fields.js';
import { invalidValue } from './input-error.js';
import type { ReasoningEffort, ReasoningWish } from './model-request.js';

const EFFORTS: readonly ReasoningEffort[] = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/** Reads OpenAI's word for how hard a model is to think. Throws AppError `invalid_value` (400). */
export function readReasoningEffort(value: unknown, param: string): ReasoningEffort | undefined {
  if (isUnsaid(value)) return undefined;
  const effort = EFFORTS.find((it) => it === value);
  if (!effort) throw invalidValue(param, `Invalid '${param}': expected one of ${EFFORTS.join(', ')}.`);
  return effort;
}

/** The effort that was wished for, or the one that comes next to the tokens that may be spent on it. */
export function effortOf({ effort, budgetTokens }: ReasoningWish): ReasoningEffort | undefined {
  if (effort !== undefined || budgetTokens === undefined) return effort;
  if (budgetTokens === 0) return 'none';
  if (budgetTokens <= 4_096) return 'low';
  return budgetTokens <= 16_384 ? 'medium' : 'high';
}
