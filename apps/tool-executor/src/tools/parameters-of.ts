import { z } from 'zod';
import type { ToolParameters } from '../domain/tool.js';

/** The JSON Schema of a tool's arguments, from the zod schema that its `run` parses them with. */
export function parametersOf(schema: z.ZodObject): ToolParameters {
  const { $schema: _dialect, ...parameters } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  return parameters;
}
