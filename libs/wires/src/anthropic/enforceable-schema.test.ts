import { expect, it } from 'vitest';
import { enforceable } from './enforceable-schema.js';

it('closes objects, however deep', () => {
  const inner = { type: 'object', properties: { b: { type: 'string' } }, required: ['b'] };
  const schema = { $schema: 'x', type: 'object', properties: { list: { type: 'array', items: inner, minItems: 1 }, one: { anyOf: [inner, { type: 'null' }] }, ref: { $ref: '#/$defs/c' } }, $defs: { c: inner } };
  const closed = { ...inner, additionalProperties: false };
  expect(enforceable(schema)).toEqual({
    type: 'object',
    properties: { list: { type: 'array', items: closed, minItems: 1 }, one: { anyOf: [closed, { type: 'null' }] }, ref: { $ref: '#/$defs/c' } },
    $defs: { c: closed },
    additionalProperties: false,
  });
});

it('tells the model what Anthropic does not enforce', () => {
  expect(enforceable({ type: 'integer', description: 'Years.', minimum: 1, maximum: 9 })).toEqual({ type: 'integer', description: 'Years. (minimum: 1, maximum: 9)' });
  expect(enforceable({ type: 'array', items: { type: 'string', format: 'iban', pattern: '^A' }, minItems: 2 })).toEqual({
    type: 'array',
    items: { type: 'string', description: '(format: "iban", pattern: "^A")' },
    description: '(minItems: 2)',
  });
});

it('keeps a property that is called like a word of JSON Schema', () => {
  expect(enforceable({ type: 'object', properties: { minimum: { type: 'number' } } })).toMatchObject({ properties: { minimum: { type: 'number' } } });
});

it('gives no other schema than was asked for: open objects cannot be enforced', () => {
  expect(enforceable({ type: 'object', additionalProperties: { type: 'string' } })).toBeUndefined();
  expect(enforceable({ type: 'object' })).toBeUndefined();
  expect(enforceable({ type: 'array', items: { type: 'object', properties: {}, additionalProperties: true } })).toBeUndefined();
});

it('leaves what it gave as it is', () => {
  const once = enforceable({ type: 'object', properties: { a: { enum: ['x', null] }, b: { oneOf: [{ const: 1 }, { type: 'string', maxLength: 3 }] } } });
  expect(once && enforceable(once)).toEqual(once);
});
