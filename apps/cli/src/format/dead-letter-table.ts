import type { DeadLetter, DeadLetterCount } from '@nexus/contracts';
import { groupDigits } from './count.js';
import { oneLine } from './one-line.js';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

const NONE = ['There is no dead letter.'];

/** Dead letters, newest first, without what people wrote. */
export function deadLetterTable(letters: readonly DeadLetter[]): string[] {
  if (letters.length === 0) return NONE;
  return table(
    [{ title: 'ID' }, { title: 'LAST SEEN (UTC)' }, { title: 'CHANNEL' }, { title: 'ENTRY' }, { title: 'MESSAGE' }, { title: 'BY' }, { title: 'TRIES', align: 'right' }, { title: 'REASON' }],
    letters.map((letter) => [
      letter.id, utcTime(letter.lastSeenAt), letter.channel, letter.entryId, letter.messageId || '-', letter.consumerGroup, String(letter.deliveries), `${oneLine(letter.reason, 120)} [${letter.reasonCode}]`,
    ]),
  );
}

/** How many dead letters there are, and of whom. */
export function deadLetterCounts(counts: readonly { readonly whose: string; readonly count: DeadLetterCount }[]): string[] {
  if (counts.length === 0) return NONE;
  return table(
    [{ title: 'LETTERS', align: 'right' }, { title: 'BY' }, { title: 'CHANNEL' }, { title: 'REASON' }, { title: 'OF' }, { title: 'OLDEST (UTC)' }, { title: 'NEWEST (UTC)' }],
    counts.map(({ whose, count }) => [groupDigits(count.count), count.consumerGroup, count.channel, count.reasonCode, whose, utcTime(count.firstSeenAt), utcTime(count.lastSeenAt)]),
  );
}
