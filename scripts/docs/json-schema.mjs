/** JSON Schema (draft 2020-12) of proto3 JSON, from descriptors. */
import { ScalarType } from '@bufbuild/protobuf';

const DIALECT = 'https://json-schema.org/draft/2020-12/schema';

const integer = (minimum, maximum) => ({ type: 'integer', minimum, maximum });
/** 64 bits: JSON numbers lose digits, so that proto3 JSON writes text, and reads either. */
const signed64 = { type: ['string', 'integer'], pattern: '^-?[0-9]{1,19}$' };
const unsigned64 = { type: ['string', 'integer'], pattern: '^[0-9]{1,20}$', minimum: 0 };
const float = { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] };

const scalars = {
  [ScalarType.STRING]: { schema: { type: 'string' }, zero: '' },
  [ScalarType.BYTES]: { schema: { type: 'string', contentEncoding: 'base64' }, zero: '' },
  [ScalarType.BOOL]: { schema: { type: 'boolean' }, zero: false },
  [ScalarType.DOUBLE]: { schema: float, zero: 0 },
  [ScalarType.FLOAT]: { schema: float, zero: 0 },
  [ScalarType.INT32]: { schema: integer(-(2 ** 31), 2 ** 31 - 1), zero: 0 },
  [ScalarType.SINT32]: { schema: integer(-(2 ** 31), 2 ** 31 - 1), zero: 0 },
  [ScalarType.SFIXED32]: { schema: integer(-(2 ** 31), 2 ** 31 - 1), zero: 0 },
  [ScalarType.UINT32]: { schema: integer(0, 2 ** 32 - 1), zero: 0 },
  [ScalarType.FIXED32]: { schema: integer(0, 2 ** 32 - 1), zero: 0 },
  [ScalarType.INT64]: { schema: signed64, zero: '0' },
  [ScalarType.SINT64]: { schema: signed64, zero: '0' },
  [ScalarType.SFIXED64]: { schema: signed64, zero: '0' },
  [ScalarType.UINT64]: { schema: unsigned64, zero: '0' },
  [ScalarType.FIXED64]: { schema: unsigned64, zero: '0' },
};

/** The value that a missing field means, or undefined when missing is a thing of its own. */
export function defaultOf(field) {
  if (field.fieldKind === 'list') return [];
  if (field.fieldKind === 'map') return {};
  if (field.oneof !== undefined || field.proto.proto3Optional || field.fieldKind === 'message') return undefined;
  return field.fieldKind === 'enum' ? field.enum.values[0].name : scalars[field.scalar].zero;
}

/** The types that a message leads to, itself first, each once. */
export function typesWithin(message) {
  const found = new Set();
  const visit = (type) => {
    if (found.has(type)) return;
    found.add(type);
    for (const field of type.fields ?? []) for (const next of [field.message, field.enum]) if (next !== undefined) visit(next);
  };
  visit(message);
  return [...found];
}

const reference = (type) => ({ $ref: `#/$defs/${type.typeName}` });

/** The schema of one value of a field, an element where there are many. */
function valueSchema(field, kind) {
  if (kind === 'message') return reference(field.message);
  if (kind === 'enum') return reference(field.enum);
  return structuredClone(scalars[field.scalar].schema);
}

function fieldSchema(field) {
  if (field.fieldKind === 'list') return { type: 'array', items: valueSchema(field, field.listKind) };
  if (field.fieldKind === 'map') return { type: 'object', additionalProperties: valueSchema(field, field.mapKind) };
  return valueSchema(field, field.fieldKind);
}

function messageSchema(message, protos) {
  const properties = {};
  for (const field of message.fields) {
    const description = protos.comment(`${message.typeName}.${field.name}`);
    const byDefault = defaultOf(field);
    properties[field.jsonName] = { ...fieldSchema(field), ...(description && { description }), ...(byDefault !== undefined && { default: byDefault }) };
  }
  const description = protos.comment(message.typeName);
  const oneofs = message.oneofs.filter((oneof) => oneof.fields.some((field) => !field.proto.proto3Optional));
  const atMostOne = oneofs.map((oneof) => {
    const each = oneof.fields.map((field) => ({ required: [field.jsonName] }));
    return { oneOf: [...each, { not: { anyOf: each } }], description: `At most one of ${oneof.fields.map((field) => field.jsonName).join(', ')}.` };
  });
  return { type: 'object', ...(description && { description }), properties, additionalProperties: false, ...(atMostOne.length > 0 && { allOf: atMostOne }) };
}

function enumSchema(type, protos) {
  const description = [protos.comment(type.typeName), ...type.values.map((value) => [value.name, protos.comment(`${type.typeName}.${value.name}`)]).filter(([, text]) => text).map(([name, text]) => `${name}: ${text}`)]
    .filter(Boolean)
    .join(' ');
  return { type: 'string', ...(description && { description }), enum: type.values.map((value) => value.name) };
}

/** The schema of a channel's payload as proto3 JSON. */
export function channelSchema(name, definition, protos) {
  const message = protos.message(definition.message.typeName);
  const [, ...others] = typesWithin(message);
  const { description, ...root } = messageSchema(message, protos);
  const definitions = Object.fromEntries(others.map((type) => [type.typeName, type.kind === 'enum' ? enumSchema(type, protos) : messageSchema(type, protos)]).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    $schema: DIALECT,
    title: `${name}: ${message.typeName}`,
    description: [definition.purpose, description].filter(Boolean).join(' '),
    $comment: 'Proto3 JSON, the payload of an entry with the metadata content-type: application/json. Field names of the .proto files, enum numbers and null for a missing field are read too.',
    ...root,
    ...(others.length > 0 && { $defs: definitions }),
  };
}
