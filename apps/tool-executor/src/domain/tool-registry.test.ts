import { AppError } from '@nexus/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { compileJsonSchema } from '../tools/compile-json-schema.js';
import type { Tool } from './tool.js';
import { ToolRegistry } from './tool-registry.js';

const tool = (overrides: Partial<Tool> = {}): Tool => ({
  name: 'current_time',
  description: 'Tells the time.',
  parameters: {
    type: 'object',
    properties: { timezone: { type: 'string' }, days: { type: 'array', items: { type: 'integer' } }, unit: { enum: ['h', 'm'] } },
    required: ['timezone'],
    additionalProperties: false,
  },
  isIdempotent: true,
  timeoutMs: 1_000,
  maxResultBytes: 1_000,
  run: async () => 'noon',
  ...overrides,
});

function errorOf(act: () => unknown): AppError {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

let registry: ToolRegistry;
beforeEach(() => {
  registry = new ToolRegistry(compileJsonSchema);
});

describe('ToolRegistry.add', () => {
  it('lists tools in the order they were added', () => {
    const [one, two] = [tool({ name: 'one' }), tool({ name: 'two' })];
    registry.add(one);
    registry.add(two);
    expect(registry.list()).toEqual([one, two]);
    expect(registry.get('two')).toBe(two);
  });

  it.each<[string, Partial<Tool>, string]>([
    ['a name models cannot send', { name: 'current time' }, 'a name has'],
    ['a name over 64 characters', { name: 'x'.repeat(65) }, 'a name has'],
    ['an empty description', { description: ' ' }, 'description'],
    ['a schema that is no object', { parameters: { type: 'string' } }, '"type": "object"'],
    ['a schema with an unknown type', { parameters: { type: 'object', properties: { a: { type: 'strnig' } } } }, 'JSON Schema'],
    ['a misspelt keyword', { parameters: { type: 'object', propertees: {} } }, 'propertees'],
    ['a reference that leads nowhere', { parameters: { type: 'object', properties: { a: { $ref: '#/$defs/none' } } } }, 'JSON Schema'],
    ['a time limit of nothing', { timeoutMs: 0 }, 'timeoutMs'],
    ['a result limit that is no whole number', { maxResultBytes: 300.5 }, 'maxResultBytes'],
  ])('refuses %s', (_, overrides, reason) => {
    const error = errorOf(() => registry.add(tool(overrides)));
    expect(error.code).toBe('invalid_tool');
    expect(error.message).toContain(reason);
    expect(registry.list()).toEqual([]);
  });

  it('refuses a second tool of the same name', () => {
    registry.add(tool());
    expect(errorOf(() => registry.add(tool())).message).toContain('another tool has this name');
  });

  it('accepts schemas of two tools that carry the same $id', () => {
    registry.add(tool({ name: 'one', parameters: { $id: 'https://nexus.test/same', type: 'object' } }));
    registry.add(tool({ name: 'two', parameters: { $id: 'https://nexus.test/same', type: 'object' } }));
    expect(registry.list()).toHaveLength(2);
  });
});

describe('ToolRegistry.get', () => {
  it('names the nearest tools when there is none of that name', () => {
    registry.add(tool());
    const error = errorOf(() => registry.get('curent_time'));
    expect(error.code).toBe('unknown_tool');
    expect(error.message).toBe('There is no tool named "curent_time". Did you mean current_time?');
  });

  it.each(['__proto__', 'constructor', 'toString'])('knows no tool named %s', (name) => {
    registry.add(tool());
    expect(errorOf(() => registry.get(name)).message).toContain('Known tools: current_time.');
  });
});

describe('ToolRegistry.readArguments', () => {
  beforeEach(() => registry.add(tool()));

  it.each<[string, string | object]>([
    ['JSON text', '{"timezone":"UTC"}'],
    ['an object', { timezone: 'UTC' }],
  ])('takes %s', (_, raw) => {
    expect(registry.readArguments('current_time', raw)).toEqual({ timezone: 'UTC' });
  });

  it('takes empty text as no arguments, as models send it', () => {
    registry.add(tool({ name: 'ping', parameters: { type: 'object' } }));
    expect(registry.readArguments('ping', ' ')).toEqual({});
  });

  it.each<[string | object, string, string]>([
    ['{"timezone":9}', 'arguments.timezone', 'arguments.timezone: must be string'],
    ['{}', 'arguments.timezone', 'arguments.timezone: is required'],
    ['{"timezone":"UTC","days":[1,"2"]}', 'arguments.days[1]', 'arguments.days[1]: must be integer'],
    ['{"timezone":"UTC","unit":"s"}', 'arguments.unit', 'arguments.unit: must be one of "h", "m"'],
    ['{"timezone":"UTC","zone x":1}', 'arguments["zone x"]', 'arguments["zone x"]: is not a known argument'],
    ['{"timezone":1,"days":{}}', 'arguments.timezone', 'arguments.timezone: must be string; arguments.days: must be array'],
    ['[]', 'arguments', 'arguments: must be a JSON object'],
    ['null', 'arguments', 'arguments: must be a JSON object'],
    ['{"timezone":', 'arguments', 'arguments: must be a JSON object; this is not valid JSON (it ends too early)'],
    ['{"timezone":UTC"}', 'arguments', 'arguments: must be a JSON object; this is not valid JSON'],
    ['{"timezone":"UTC",}', 'arguments', 'arguments: must be a JSON object; this is not valid JSON (at character 18)'],
    ['{"a":{"b":[{"__proto__":{"isAdmin":true}}]}}', 'arguments.a.b[0]', 'arguments.a.b[0]: must not have a key named __proto__'],
    ['{"__proto__":{"timezone":"UTC"}}', 'arguments', 'arguments: must not have a key named __proto__'],
    [`{"a":${'['.repeat(70)}${']'.repeat(70)}}`, 'arguments', 'nest deeper than 64'],
    [`{"timezone":"${'x'.repeat(300_000)}"}`, 'arguments', 'at most 262144 bytes'],
    [{ timezone: 1n }, 'arguments', 'arguments: must be representable as JSON'],
  ])('refuses what is wrong and says where (case %#)', (raw, param, message) => {
    const error = errorOf(() => registry.readArguments('current_time', raw));
    expect(error.code).toBe('invalid_tool_arguments');
    expect(error.status).toBe(400);
    expect(error.message).toContain(message);
    expect(error.param).toContain(param);
  });

  it('does not repeat the text it could not read', () => {
    expect(errorOf(() => registry.readArguments('current_time', 'sk-secret-key')).message).not.toContain('secret');
  });

  it('does not let an inherited property stand in for a required one', () => {
    const raw = Object.create({ timezone: 'UTC' }) as object;
    expect(errorOf(() => registry.readArguments('current_time', raw)).message).toBe('arguments.timezone: is required');
  });

  it('names five violations and counts the rest', () => {
    const error = errorOf(() => registry.readArguments('current_time', { timezone: 'UTC', days: Array<string>(9).fill('x') }));
    expect(error.message).toMatch(/arguments\.days\[4\]: must be integer; and 4 more$/);
  });
});
