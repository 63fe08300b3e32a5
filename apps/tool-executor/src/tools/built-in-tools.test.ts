import { describe, expect, it } from 'vitest';
import { ToolRegistry } from '../domain/tool-registry.js';
import { compileJsonSchema } from './compile-json-schema.js';
import { builtInTools } from './built-in-tools.js';

describe('builtInTools', () => {
  it('are taken by the registry, closed to unknown arguments, and free of dialect marks that some providers refuse', () => {
    const registry = new ToolRegistry(compileJsonSchema);
    for (const tool of builtInTools()) registry.add(tool);
    expect(registry.list().map(({ name }) => name)).toEqual(['current_time', 'math_solver', 'load_web_page']);
    for (const { parameters } of registry.list()) {
      expect(parameters).toMatchObject({ type: 'object', additionalProperties: false });
      expect(parameters).not.toHaveProperty('$schema');
    }
  });
});
