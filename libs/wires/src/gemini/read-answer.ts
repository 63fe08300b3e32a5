import { AnswerGrower } from '../hub/answer-grower.js';
import type { ReadAnswer } from '../hub/model-answer.js';
import { GeminiAnswerReader } from './answer-reader.js';
import { errorIn, parseResponse } from './response.js';

/** A whole GenerateContentResponse. One with neither a candidate nor the reason why there is none is garbage. */
export function readAnswer(json: unknown): ReadAnswer {
  const error = errorIn(json);
  if (error) return { kind: 'error', body: error.body };
  const response = parseResponse(json);
  if (!response?.candidates?.length && response?.promptFeedback?.blockReason === undefined) return { kind: 'garbage' };
  const grower = new AnswerGrower();
  for (const event of new GeminiAnswerReader().read({ event: undefined, json: json as Record<string, unknown> })) grower.add(event);
  return { kind: 'answer', answer: grower.answer() };
}
