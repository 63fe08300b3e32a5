import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DeadLetterCountSchema, DeadLetterSchema, DeadLetterSelection, EntryFieldSchema } from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';
import type { DeadLetterCount, DeadLetterPlace, DeadLetterSelection as StoredSelection, StoredDeadLetter } from '@nexus/postgres';
import type { ShownField } from '../dead-letters/shown-entry.js';

const MOST_IDS = 1_000;

/** A letter as it travels: everything but its content; times are Unix milliseconds. */
export function letterMessage(letter: StoredDeadLetter): MessageInitShape<typeof DeadLetterSchema> {
  return {
    id: letter.id,
    channel: letter.channel,
    entryId: letter.entryId,
    reasonCode: letter.reasonCode,
    reason: letter.reason,
    deliveries: letter.deliveries,
    firstSeenAt: BigInt(letter.firstSeenAt.getTime()),
    lastSeenAt: BigInt(letter.lastSeenAt.getTime()),
    messageId: letter.messageId,
    consumerGroup: letter.group,
    tenantId: letter.tenantId,
    replays: letter.replays,
  };
}

/** A count as it travels; times are Unix milliseconds. */
export function countMessage({ channel, group, reasonCode, count, firstSeenAt, lastSeenAt }: DeadLetterCount): MessageInitShape<typeof DeadLetterCountSchema> {
  return { channel, consumerGroup: group, reasonCode, count, firstSeenAt: BigInt(firstSeenAt.getTime()), lastSeenAt: BigInt(lastSeenAt.getTime()) };
}

/** A field that may be shown, as it travels: as text or as bytes. */
export function fieldMessage({ name, value, isChanged }: ShownField): MessageInitShape<typeof EntryFieldSchema> {
  return { name, isChanged, value: typeof value === 'string' ? { case: 'text', value } : { case: 'bytes', value } };
}

/** The cursor that goes on after a letter; the same for every service, as all order by last time and id. */
export function cursorAfter({ lastSeenAt, id }: { readonly lastSeenAt: bigint; readonly id: string }): string {
  return Buffer.from(`${lastSeenAt}.${id}`).toString('base64url');
}

/** Throws an AppError `invalid_cursor` for a text that is none. */
export function placeOf(cursor: string): DeadLetterPlace | undefined {
  if (cursor === '') return undefined;
  const [, at, id] = /^(\d{1,15})\.(.+)$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? [];
  if (at === undefined || id === undefined || !isUuid(id)) throw new AppError('invalid_cursor', 'cursor must be the next_cursor of another page.', { status: 400, param: 'cursor' });
  return { lastSeenAt: new Date(Number(at)), id };
}

/** Which letters are meant; throws an AppError when that is not said, or said twice. */
export function selectionOf(selection: DeadLetterSelection | undefined, now: number): StoredSelection {
  const { ids = [], channel = '', reasonCode = '', consumerGroup: group = '', all = false, seenUntil = 0n } = selection ?? {};
  const isNarrowed = channel !== '' || reasonCode !== '' || group !== '';
  if (ids.length === 0 && !isNarrowed && !all) throw invalid('selection', 'Say which letters: ids, a channel, a reason or a service; or all.');
  if (ids.length > 0 && (isNarrowed || all)) throw invalid('selection', 'With ids nothing else can be selected.');
  if (ids.length > MOST_IDS) throw invalid('selection.ids', `At most ${MOST_IDS} ids at once.`);
  if (!ids.every(isUuid)) throw invalid('selection.ids', 'The id of a dead letter is a UUID.');
  return { ids, channel, reasonCode, group, seenUntil: new Date(seenUntil === 0n ? now : Number(seenUntil)) };
}

function invalid(param: string, message: string): AppError {
  return new AppError('invalid_selection', message, { status: 400, param });
}
