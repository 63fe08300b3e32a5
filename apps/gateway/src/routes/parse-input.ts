import { AppError } from '@nexus/core';
import type { z } from 'zod';

/** The value as the schema has it. Throws an AppError 400 that names the first wrong field. */
export function parseInput<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const param = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? []);
  const name = param.map(String).join('.');
  throw new AppError('invalid_value', `${name === '' ? 'The body' : `'${name}'`}: ${issue?.message ?? 'is not valid'}`, { status: 400, ...(name && { param: name }) });
}
