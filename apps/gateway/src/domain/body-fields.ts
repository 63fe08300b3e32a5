import { invalidInput, wrongType } from './invalid-input.js';

const LONGEST_MODEL_NAME = 256;
const LONGEST_USER_NAME = 256;

/** Throws an AppError (400) for what cannot be the name of a model. */
export function checkModel(model: unknown): asserts model is string {
  if (typeof model !== 'string') throw wrongType('model', 'a string such as "openai/gpt-4o", "auto" or "agent/default"', model);
  if (model === '' || model.length > LONGEST_MODEL_NAME) {
    throw invalidInput('invalid_value', 'model', `Invalid 'model': expected 1 to ${LONGEST_MODEL_NAME} characters. GET /v1/models lists what there is.`);
  }
}

/** Throws an AppError (400) for a value that is there and is neither true nor false. */
export function checkBoolean(param: string, value: unknown): asserts value is boolean | null | undefined {
  if (value !== undefined && value !== null && typeof value !== 'boolean') throw wrongType(param, 'a boolean', value);
}

/** A client's own name of its user as it is written to the ledger: at most 256 characters, none of them a control character; undefined for anything but a name. */
export function userName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const name = value.slice(0, LONGEST_USER_NAME).replaceAll(/\p{Cc}/gu, ' ').trim();
  return name === '' ? undefined : name;
}
