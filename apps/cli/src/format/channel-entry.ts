import { toJson, type JsonValue } from '@bufbuild/protobuf';
import type { Message } from '@nexus/channels';
import { channels, metadataKeys, type ChannelName, type Metadata } from '@nexus/contracts';
import type { AppError } from '@nexus/core';

type AnyMessage = Message<ChannelName>;

/** Who may publish is a secret: it is never shown. */
const SECRET = metadataKeys.authorization;

/** An entry as one JSON object on one line. */
export function entryJson(message: AnyMessage): string {
  const { channel, entryId, id, correlationId, timestamp } = message;
  return JSON.stringify({ channel, entry_id: entryId, id, correlation_id: correlationId, timestamp, metadata: shownMetadata(message.metadata), payload: payloadOf(message) });
}

/** An entry for people: where it stands and whose it is, then what it says. */
export function entryLines(message: AnyMessage): string[] {
  const { entryId, id, correlationId, timestamp, metadata } = message;
  const about = Object.entries(shownMetadata(metadata)).map(([name, value]) => `${name}=${value}`);
  const correlation = correlationId === id ? [] : [`correlation=${correlationId}`];
  return [`${new Date(timestamp).toISOString()}  ${entryId}  id=${[id, ...correlation, ...about].join('  ')}`, `  ${JSON.stringify(payloadOf(message))}`];
}

/** An entry that its reader will set aside as a dead letter. */
export function unreadableEntry(channel: string, entryId: string, error: AppError, isJson: boolean): string {
  if (isJson) return JSON.stringify({ channel, entry_id: entryId, error: { code: error.code, message: error.message } });
  return `(cannot be read)  ${entryId}  ${error.message} [${error.code}]`;
}

function payloadOf({ channel, payload }: AnyMessage): JsonValue {
  return toJson(channels[channel].message, payload);
}

function shownMetadata(metadata: Metadata): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, name === SECRET ? '(secret)' : value]));
}
