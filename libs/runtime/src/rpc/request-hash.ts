import { hash } from 'node:crypto';
import { toJson, type DescMessage, type JsonValue, type Message } from '@bufbuild/protobuf';

/** SHA-256 of what a message says: the same for the same fields, in whatever order and encoding a map or the message was sent. */
export function requestHash(schema: DescMessage, message: Message): Buffer {
  return hash('sha256', JSON.stringify(sorted(toJson(schema, message))), 'buffer');
}

function sorted(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name] as JsonValue)]));
}
