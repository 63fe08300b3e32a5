import { AppError } from '@nexus/core';
import type { RawEntry } from '../stream-transport.js';

/** `[[id, [field, value ...]] ...]` as Redis sends it; an entry that was trimmed while pending has no fields. */
export function toEntries(reply: unknown, deliveries: (id: string) => number = () => 1): RawEntry[] {
  if (!Array.isArray(reply)) return [];
  const entries: RawEntry[] = [];
  for (const item of reply as readonly [Buffer, readonly Buffer[] | null][]) {
    const id = item[0].toString('latin1');
    if (item[1]) entries.push({ id, fields: item[1], deliveries: deliveries(id) });
  }
  return entries;
}

/** `[[key, entries]]` of a read of one stream, or null. */
export function toEntriesOfOneStream(reply: unknown): RawEntry[] {
  if (!Array.isArray(reply)) return [];
  const [stream] = reply as readonly [Buffer, unknown][];
  return stream ? toEntries(stream[1]) : [];
}

/** True when Redis says that the group (or the whole stream) is gone. */
export function isGroupMissing(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOGROUP');
}

/** What went wrong between NEXUS and Redis, as one code; a full Redis and a lost connection can pass, so a retry makes sense. */
export function toBusError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const full = cause instanceof Error && cause.message.startsWith('OOM');
  return full
    ? new AppError('bus_full', 'Redis is out of memory: nothing can be published until there is room.', { status: 503, isRetryable: true, cause })
    : new AppError('bus_unavailable', 'Redis does not answer. Retry in a moment.', { status: 503, isRetryable: true, cause });
}
