import { toJson, type DescMessage, type JsonValue, type MessageShape } from '@bufbuild/protobuf';

/** A message as indented proto3 JSON: every field, enums by name, 64-bit numbers as strings. */
export function messageJson<Schema extends DescMessage>(schema: Schema, message: MessageShape<Schema>, change: (json: JsonValue) => JsonValue = (json) => json): string {
  return JSON.stringify(change(toJson(schema, message, { alwaysEmitImplicit: true })), null, 2);
}
