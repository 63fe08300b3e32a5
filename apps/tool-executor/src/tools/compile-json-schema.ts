import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { argumentPath } from '../domain/argument-path.js';
import type { SchemaCompiler, Violation } from '../domain/schema-compiler.js';

// Unknown keywords and formats are refused: a misspelt one would check nothing. Schemas come from us and from operators,
// so that `allErrors` and patterns in them are no way in for callers.
const ajv = new Ajv2020({ allErrors: true, strictTypes: false, strictTuples: false, addUsedSchema: false, logger: false });

/** Checks by JSON Schema, draft 2020-12. */
export const compileJsonSchema: SchemaCompiler = (schema) => {
  const validate = ajv.compile(schema);
  return (args) => (validate(args) ? [] : (validate.errors ?? []).map(violation));
};

function violation(error: ErrorObject): Violation {
  const path = pathOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { path: argumentPath(path, String(params['missingProperty']), false), expected: 'is required' };
    case 'additionalProperties':
      return { path: argumentPath(path, String(params['additionalProperty']), false), expected: 'is not a known argument' };
    case 'enum':
      return { path, expected: `must be one of ${(params['allowedValues'] as unknown[]).map((value) => JSON.stringify(value)).join(', ')}` };
    case 'const':
      return { path, expected: `must be ${JSON.stringify(params['allowedValue'])}` };
    default:
      return { path, expected: error.message ?? 'is not valid' };
  }
}

/** `/a/0/b~1c` (JSON Pointer) as `arguments.a[0]["b/c"]`. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, key) => argumentPath(path, key, /^\d+$/.test(key)), 'arguments');
}
