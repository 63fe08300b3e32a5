import { create } from '@bufbuild/protobuf';
import { ToolDefinitionSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { askedFormOf } from './asked-form.js';
import { grammarSchemaOf } from './grammar-schema.js';

const look = create(ToolDefinitionSchema, { name: 'look', description: 'looks', parameters: '{"type":"object","properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}}' });
const wait = create(ToolDefinitionSchema, { name: 'wait' });
const asked = (toolChoice: string, responseSchema = ''): unknown => askedFormOf([look, wait], { toolChoice, responseSchema });

describe('the form of an answer', () => {
  it('is text, or calls that the model may make', () => {
    expect(askedFormOf([], undefined)).toEqual({ kind: 'text' });
    expect(asked('none')).toEqual({ kind: 'text' });
    expect(asked('auto')).toEqual({ kind: 'tools', functions: { look: { description: 'looks', params: { type: 'object', properties: { a: { oneOf: [{ type: 'string' }, { type: 'null' }] } } } }, wait: {} } });
  });

  it('is a call that it must make', () => {
    expect(asked('wait')).toMatchObject({ kind: 'call', schema: { oneOf: [{ properties: { name: { const: 'wait' }, arguments: { type: 'object' } } }] } });
    expect(asked('required')).toMatchObject({ schema: { oneOf: [{ properties: { name: { const: 'look' } } }, { properties: { name: { const: 'wait' } } }] } });
    expect(() => asked('jump')).toThrow(expect.objectContaining({ code: 'invalid_value', param: 'tool_choice' }));
  });

  it('is JSON, of a schema or of any form, and never beside calls', () => {
    expect(askedFormOf([], { toolChoice: '', responseSchema: '{}' })).toEqual({ kind: 'json', schema: undefined });
    expect(asked('none', '{"type":"string"}')).toEqual({ kind: 'json', schema: { type: 'string' } });
    expect(() => asked('auto', '{}')).toThrow(expect.objectContaining({ code: 'unsupported_value' }));
    expect(() => askedFormOf([], { toolChoice: '', responseSchema: '{' })).toThrow(expect.objectContaining({ code: 'invalid_value', param: 'response_format' }));
  });
});

it('says schemas in the words of a grammar, however deep they are', () => {
  expect(grammarSchemaOf({ definitions: { a: { anyOf: [{ $ref: '#/definitions/a' }] } }, items: { properties: { anyOf: { anyOf: [] } } }, enum: [{ anyOf: 1 }] })).toEqual({
    $defs: { a: { oneOf: [{ $ref: '#/$defs/a' }] } }, items: { properties: { anyOf: { oneOf: [] } } }, enum: [{ anyOf: 1 }],
  });
});
