import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { GetRunResponseSchema, type GetRunResponse } from '@nexus/contracts';
import { messageJson } from './message-json.js';

/** A run with its events as JSON; what an event holds is JSON too, and no text in a text. */
export function runJson(found: GetRunResponse): string {
  return messageJson(GetRunResponseSchema, found, (json) => {
    const whole = json as JsonObject;
    return { ...whole, events: ((whole['events'] ?? []) as JsonObject[]).map(withPayload) };
  });
}

function withPayload({ payloadJson, ...event }: JsonObject): JsonObject {
  return { ...event, payload: JSON.parse(typeof payloadJson === 'string' ? payloadJson : 'null') as JsonValue };
}
