import type { DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf';

/** Of a message in proto3 JSON that part which programs with this older type know of. */
export function knownPart(type: DescMessage, json: JsonValue): JsonValue {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  const known: JsonObject = {};
  for (const field of type.fields) {
    const value = json[field.jsonName];
    if (value === undefined) continue;
    const inner = field.message;
    if (inner === undefined) known[field.jsonName] = value;
    else if (Array.isArray(value)) known[field.jsonName] = value.map((item) => knownPart(inner, item));
    else if (field.fieldKind === 'map') known[field.jsonName] = Object.fromEntries(Object.entries(value as JsonObject).map(([key, item]) => [key, knownPart(inner, item)]));
    else known[field.jsonName] = knownPart(inner, value);
  }
  return known;
}
