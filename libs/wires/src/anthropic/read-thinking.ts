import { optionalInteger, optionalObject, optionalString, requiredObject, requiredString } from '../hub/body-fields.js';
import { invalidValue, wrongType } from '../hub/input-error.js';
import type { JsonObject } from '../hub/json-object.js';
import type { ReasoningEffort, ReasoningWish, ResponseFormat } from '../hub/model-request.js';

const EFFORTS: readonly string[] = ['low', 'medium', 'high', 'xhigh', 'max'] satisfies ReasoningEffort[];

/** What the client wants of the model's thinking: `thinking` and `output_config.effort`. Undefined when it says nothing of it. Throws AppError (400). */
export function readThinking(body: JsonObject): ReasoningWish | undefined {
  const thinking = optionalObject(body, 'thinking');
  const config = optionalObject(body, 'output_config');
  const effort = config && readEffort(config);
  if (!thinking) return effort;
  const type = requiredString(thinking, 'type', 'thinking');
  switch (type) {
    case 'disabled':
      return { effort: 'none' };
    case 'enabled': {
      const budgetTokens = optionalInteger(thinking, 'budget_tokens', 'thinking');
      if (budgetTokens === undefined) throw wrongType('thinking.budget_tokens', 'a number of tokens', thinking['budget_tokens']);
      return { ...effort, budgetTokens, isShown: thinking['display'] !== 'omitted' };
    }
    case 'adaptive':
      // whether thoughts are shown unless said otherwise depends on the model
      return { ...effort, ...(typeof thinking['display'] === 'string' && { isShown: thinking['display'] !== 'omitted' }) };
    default:
      throw invalidValue('thinking.type', "Invalid 'thinking.type': expected enabled, adaptive or disabled.");
  }
}

function readEffort(config: JsonObject): ReasoningWish | undefined {
  const effort = optionalString(config, 'effort', 'output_config');
  if (effort === undefined) return undefined;
  if (!isEffort(effort)) throw invalidValue('output_config.effort', `Invalid 'output_config.effort': expected one of ${EFFORTS.join(', ')}.`);
  return { effort };
}

function isEffort(word: string): word is ReasoningEffort {
  return EFFORTS.includes(word);
}

/** The form that the answer must have: `output_config.format`, or `output_format` as it was called at first. Throws AppError (400). */
export function readFormat(body: JsonObject): ResponseFormat | undefined {
  const config = optionalObject(body, 'output_config');
  const place = config?.['format'] == null ? 'output_format' : 'output_config.format';
  const format = (config && optionalObject(config, 'format', 'output_config')) ?? optionalObject(body, 'output_format');
  if (!format) return undefined;
  const type = requiredString(format, 'type', place);
  if (type !== 'json_schema') throw invalidValue(`${place}.type`, `Invalid '${place}.type': expected json_schema.`);
  return { kind: 'schema', name: 'answer', schema: requiredObject(format, 'schema', place), isStrict: true };
}
