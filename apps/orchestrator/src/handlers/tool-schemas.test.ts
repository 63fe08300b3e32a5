import { create } from '@bufbuild/protobuf';
import { ToolDefinitionSchema } from '@nexus/contracts';
import { expect, it } from 'vitest';
import { ToolSchemas } from './tool-schemas.js';

const schema = { type: 'object', properties: { city: { type: 'string' }, unit: { enum: ['C', 'F'] }, days: { type: 'integer', minimum: 1 } }, required: ['city'], additionalProperties: false };
const tools = [
  create(ToolDefinitionSchema, { name: 'weather', parameters: JSON.stringify(schema) }),
  create(ToolDefinitionSchema, { name: 'broken', parameters: '{"type": "no such type"}' }),
];
const rules = new ToolSchemas().rulesOf(tools);

it('has no objection to arguments that fit', () => {
  expect(rules.objectionTo('weather', '{"city":"Rome","days":2}')).toBeUndefined();
});

it.each([
  ['{}', "the arguments must have required property 'city'"],
  ['{"city":7}', 'city must be string'],
  ['{"city":"Rome","unit":"K"}', 'unit must be equal to one of the allowed values: "C", "F"'],
  ['{"city":"Rome","zip":1}', 'the arguments must NOT have additional properties (zip)'],
  ['{"days":0,"unit":1}', 'days must be >= 1'],
])('names what is wrong with %s', (json, message) => {
  expect(rules.objectionTo('weather', json)).toContain(message);
});

it('leaves a schema that cannot be compiled to the executor', () => {
  expect(rules.objectionTo('broken', '{}')).toBeUndefined();
});
