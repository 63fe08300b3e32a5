import { AppError } from '@nexus/core';
import type { PendingEntry, RawEntry } from '../stream-transport.js';

/** `[[id, [field, value ...]] ...]` as Redis sends it; an entry that was trimmed while pending has no fields. */
export function toEntries(reply: unknown): RawEntry[] {
  if (!Array.isArray(reply)) return [];
  const entries: RawEntry[] = [];
  for (const item of reply as readonly [Buffer, readonly Buffer[] | null][]) {
    if (item[1]) entries.push({ id: item[0].toString('latin1'), fields: item[1], deliveries: 1 });
  }
  return entries;
}

/** `[[key, entries]]` of a read of one stream, or null. */
export function toEntriesOfOneStream(reply: unknown): RawEntry[] {
  if (!Array.isArray(reply)) return [];
  const [stream] = reply as readonly [Buffer, unknown][];
  return stream ? toEntries(stream[1]) : [];
}

/** `[[id, consumer, idle, deliveries] ...]` of XPENDING. */
export function toPending(reply: unknown): PendingEntry[] {
  return (reply as readonly [Buffer, Buffer, number, number][]).map(([id, , , deliveries]) => ({ id: id.toString('latin1'), deliveries }));
}

/** True when Redis says that the group (or the whole stream) is gone. */
export function isGroupMissing(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOGROUP');
}

/** True for the bus error of a group that was to be made and is there. */
export function isGroupThere(error: unknown): boolean {
  return error instanceof AppError && error.cause instanceof Error && error.cause.message.startsWith('BUSYGROUP');
}

/** What went wrong between NEXUS and Redis, as one code; a full Redis and a lost connection can pass, so a retry makes sense. */
export function toBusError(cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const full = cause instanceof Error && cause.message.startsWith('OOM');
  return full
    ? new AppError('bus_full', 'Redis is out of memory: nothing can be published until there is room.', { status: 503, isRetryable: true, cause })
    : new AppError('bus_unavailable', 'Redis does not answer. Retry in a moment.', { status: 503, isRetryable: true, cause });
}
