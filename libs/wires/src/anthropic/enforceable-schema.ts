import { isObject, type JsonObject } from '../hub/json-object.js';

/** Words of JSON Schema that Anthropic enforces or passes over; the rest it refuses. */
const KEPT = new Set(['type', 'required', 'title', 'description', 'default', '$ref']);
/** Words about the schema itself, of no use to a model. */
const DROPPED = new Set(['additionalProperties', '$schema', '$id', '$comment']);
const LISTS: Readonly<Record<string, string>> = { anyOf: 'anyOf', oneOf: 'anyOf', allOf: 'allOf' };
const MAPS = ['properties', '$defs', 'definitions'];
const FORMATS = ['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'];

/**
 * The schema as Anthropic enforces it: closed objects, and only words that it knows. What it does not know (`minimum`, `pattern` ...) is
 * told to the model in the description. Undefined when the schema lets objects have properties that it does not name, which would be another schema closed.
 */
export function enforceable(schema: JsonObject): JsonObject | undefined {
  try {
    return closed(schema);
  } catch (error) {
    if (error instanceof OpenObject) return undefined;
    throw error;
  }
}

class OpenObject extends Error {}

function closed(schema: JsonObject): JsonObject {
  const kept: Record<string, unknown> = {};
  const told: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(schema)) {
    const list = LISTS[word];
    if (KEPT.has(word)) kept[word] = value;
    else if (MAPS.includes(word) && isObject(value)) kept[word] = Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, closedOrSame(inner)]));
    else if (list !== undefined && Array.isArray(value)) kept[list] = value.map(closedOrSame);
    else if (word === 'items' && isObject(value)) kept[word] = closed(value);
    else if (word === 'format' && FORMATS.includes(String(value))) kept[word] = value;
    else if ((word === 'enum' || word === 'const') && isPlain(value)) kept[word] = value;
    else if (word === 'minItems' && (value === 0 || value === 1)) kept[word] = value;
    else if (!DROPPED.has(word)) told[word] = value;
  }
  if (isOfObjects(schema)) {
    const { properties, additionalProperties: others } = schema;
    const isOpen = others === true || isObject(others) || (others === undefined && !isObject(properties));
    if (isOpen) throw new OpenObject();
    kept['additionalProperties'] = false;
  }
  return Object.keys(told).length === 0 ? kept : { ...kept, description: describe(kept['description'], told) };
}

function closedOrSame(schema: unknown): unknown {
  return isObject(schema) ? closed(schema) : schema;
}

/** Values that can be enforced: none with more values in them. */
function isPlain(value: unknown): boolean {
  return (Array.isArray(value) ? value : [value]).every((item) => item === null || typeof item !== 'object');
}

function isOfObjects({ type, properties }: JsonObject): boolean {
  return type === 'object' || (Array.isArray(type) && type.includes('object')) || isObject(properties);
}

function describe(description: unknown, told: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(told).map(([word, value]) => `${word}: ${JSON.stringify(value)}`);
  return [...(typeof description === 'string' ? [description] : []), `(${words.join(', ')})`].join(' ');
}
