import { expect, it } from 'vitest';
import { argumentJson } from './argument-json.js';

it.each([
  ['{"a":1}', '{"a":1}'],
  ['  {"a": 12345678901234567890} ', '{"a": 12345678901234567890}'],
  ['', '{}'],
  ['null', '{}'],
  ['"{\\"a\\":1}"', '{"a":1}'],
  ['```json\n{"a":1}\n```', '{"a":1}'],
  ['the arguments are {"a":1}.', '{"a":1}'],
])('finds the object in %j', (written, json) => {
  expect(argumentJson(written)).toBe(json);
});

it.each([['[1]'], ['7'], ['{"a":'], ['{"a":1} or {"b":2}'], ['"text"']])('finds none in %j', (written) => {
  expect(argumentJson(written)).toBeUndefined();
});
