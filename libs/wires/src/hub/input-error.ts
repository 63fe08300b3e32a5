import { AppError } from '@nexus/core';

/** What is wrong with an input, in the words OpenAI uses for it. */
type InputFault = 'missing_required_parameter' | 'invalid_type' | 'invalid_value' | 'unsupported_value';

function inputError(fault: InputFault, param: string, message: string): AppError {
  return new AppError(fault, message, { status: 400, param });
}

/** A 400 for what is there and wrong. */
export function invalidValue(param: string, message: string): AppError {
  return inputError('invalid_value', param, message);
}

/** A 400 for what is right in itself and cannot be passed on to another wire. `message` says what to do instead. */
export function unsupportedValue(param: string, message: string): AppError {
  return inputError('unsupported_value', param, message);
}

/** A 400 for a value of the wrong type, or `missing_required_parameter` when there is none. */
export function wrongType(param: string, expected: string, value: unknown): AppError {
  if (value === undefined) return inputError('missing_required_parameter', param, `Missing required parameter: '${param}' (${expected}).`);
  return inputError('invalid_type', param, `Invalid type for '${param}': expected ${expected}, but got ${typeName(value)}.`);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
