import { AppError } from '@nexus/core';

/** What is wrong with an input, in the words OpenAI uses for it. */
export type InputFault = 'missing_required_parameter' | 'invalid_type' | 'invalid_value' | 'unsupported_parameter' | 'unsupported_value';

/** A 400 that names the place, e.g. `messages[2].content`, and what to do. */
export function invalidInput(fault: InputFault, param: string, message: string): AppError {
  return new AppError(fault, message, { status: 400, param });
}

/** A 400 for a value of the wrong type, or `missing_required_parameter` when there is none. */
export function wrongType(param: string, expected: string, value: unknown): AppError {
  if (value === undefined) return invalidInput('missing_required_parameter', param, `Missing required parameter: '${param}' (${expected}).`);
  return invalidInput('invalid_type', param, `Invalid type for '${param}': expected ${expected}, but got ${typeName(value)}.`);
}

/** True for a JSON object: neither null nor an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
