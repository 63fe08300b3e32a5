import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** OpenAI's published component schemas, beside the repository; not part of it. */
const FILE = resolve(import.meta.dirname, '../../../../shared/data/openai-schemas.json');

/** True where the schemas are; a test that needs them says in its name when it is skipped. */
export const hasOpenAiSchemas = existsSync(FILE);

/** Validates against a component schema of OpenAI's OpenAPI document. Throws with what is wrong. */
export function openAiValidator(): (schema: string, value: unknown) => void {
  const { components } = JSON.parse(readFileSync(FILE, 'utf8')) as { components: object };
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
  ajv.addSchema(modern({ $id: 'openai', components }) as object);
  const compiled = new Map<string, ValidateFunction>();
  return (schema, value) => {
    const validate = compiled.get(schema) ?? ajv.compile({ $ref: `openai#/components/schemas/${schema}` });
    compiled.set(schema, validate);
    if (!validate(value)) throw new Error(`${schema}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
  };
}

/** OpenAPI 3.0 writes `nullable: true` where JSON Schema has a union with null. */
function modern(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(modern);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { nullable, ...rest } = schema as Record<string, unknown>;
  const inner = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, modern(value)]));
  return nullable === true ? { anyOf: [inner, { type: 'null' }] } : inner;
}
