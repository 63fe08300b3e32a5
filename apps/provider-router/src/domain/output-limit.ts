import { AppError } from '@nexus/core';
import { isObject, type Body } from './asked-call.js';
import type { Endpoint } from './endpoint.js';
import type { ResolvedModel } from './model-catalog.js';

/** Anthropic takes no smaller budget for thoughts. */
const SMALLEST_THINKING = 1_024;
/** No budget for thoughts leaves less than this for the answer, so that a clamped call still says something. */
const ANSWER_BESIDE_THINKING = 256;
const MOST_CHOICES = 128;

/** How the body of an API says how long its answers may be. */
interface OutputLimit {
  /** What the client asked for; undefined when it did not say. */
  limitOf(body: Body): number | undefined;
  /** How many answers, each of which may be that long. Throws AppError `invalid_request` (400). */
  choicesOf(body: Body): number;
  /** The fields of the body that have to be otherwise for no answer to be longer; undefined takes a field away. */
  capped(body: Body, cap: number, model: ResolvedModel): Body;
}

/** By API. The output of a local model is capped in the request itself, and embeddings have none. */
export const outputLimits: Readonly<Record<Exclude<Endpoint, 'embeddings' | 'local'>, OutputLimit>> = {
  chat: {
    limitOf: (body) => largest(body['max_completion_tokens'], body['max_tokens']),
    choicesOf: (body) => choices(body['n'], 'n'),
    capped: (body, cap, { target }) => {
      const other = target.outputLimitParameter === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
      return { ...differing(body, { [target.outputLimitParameter]: cap }), ...(other in body && { [other]: undefined }) };
    },
  },
  responses: {
    limitOf: (body) => largest(body['max_output_tokens']),
    choicesOf: () => 1,
    capped: (body, cap) => differing(body, { max_output_tokens: cap }),
  },
  messages: {
    limitOf: (body) => largest(body['max_tokens']),
    choicesOf: () => 1,
    capped: (body, cap) => ({ ...differing(body, { max_tokens: cap }), ...thinkingBelow(body['thinking'], cap) }),
  },
  gemini: {
    limitOf: (body) => largest(generation(body)['maxOutputTokens']),
    choicesOf: (body) => choices(generation(body)['candidateCount'], 'n'),
    capped: (body, cap) => ({ generationConfig: { ...generation(body), maxOutputTokens: cap, ...geminiThinkingBelow(generation(body)['thinkingConfig'], cap) } }),
  },
};

function differing(body: Body, fields: Body): Body {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => body[name] !== value));
}

/** A budget must be smaller than the whole output; where the rest is too small for one, the model is not asked to think. */
function thinkingBelow(thinking: unknown, cap: number): Body {
  if (!isObject(thinking) || typeof thinking['budget_tokens'] !== 'number' || thinking['budget_tokens'] < cap) return {};
  const budget = cap - ANSWER_BESIDE_THINKING;
  return { thinking: budget >= SMALLEST_THINKING ? { ...thinking, budget_tokens: budget } : { type: 'disabled' } };
}

function geminiThinkingBelow(config: unknown, cap: number): Body {
  if (!isObject(config) || typeof config['thinkingBudget'] !== 'number' || config['thinkingBudget'] < cap) return {};
  return { thinkingConfig: { ...config, thinkingBudget: Math.max(0, cap - ANSWER_BESIDE_THINKING) } };
}

function generation(body: Body): Body {
  return isObject(body['generationConfig']) ? body['generationConfig'] : {};
}

function largest(...values: readonly unknown[]): number | undefined {
  const limits = values.filter((value): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value > 0);
  return limits.length > 0 ? Math.max(...limits) : undefined;
}

/** Each choice is an answer of its own, as long as the limit allows. */
function choices(value: unknown, param: string): number {
  const n = value ?? 1;
  if (typeof n === 'number' && Number.isInteger(n) && n >= 1 && n <= MOST_CHOICES) return n;
  throw new AppError('invalid_request', `n must be a whole number from 1 to ${MOST_CHOICES}.`, { status: 400, param });
}
