/** JSON as it was parsed. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const LISTS = new Set(['oneOf', 'prefixItems']);
const MAPS = new Set(['properties', '$defs']);
const SCHEMAS = new Set(['items', 'additionalProperties']);

/** A JSON Schema in the words that a grammar is made from: it knows `oneOf` and `$defs`, and not their other names. */
export function grammarSchemaOf(schema: unknown): JsonSchema {
  if (!isObject(schema)) return {};
  const written: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'anyOf' && Array.isArray(value)) written['oneOf'] = value.map(grammarSchemaOf);
    else if (LISTS.has(key) && Array.isArray(value)) written[key] = value.map(grammarSchemaOf);
    else if (key === 'definitions' && isObject(value)) written['$defs'] = mapOf(value);
    else if (MAPS.has(key) && isObject(value)) written[key] = mapOf(value);
    else if (SCHEMAS.has(key) && isObject(value)) written[key] = grammarSchemaOf(value);
    else if (key === '$ref' && typeof value === 'string') written[key] = value.replace('#/definitions/', '#/$defs/');
    else written[key] = value;
  }
  return written;
}

function mapOf(schemas: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, grammarSchemaOf(schema)]));
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
