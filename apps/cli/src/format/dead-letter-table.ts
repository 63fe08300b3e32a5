import type { DeadLetter } from '@nexus/contracts';
import { oneLine } from './one-line.js';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

/** Dead letters, newest first, without what people wrote. */
export function deadLetterTable(letters: readonly DeadLetter[]): string[] {
  if (letters.length === 0) return ['There is no dead letter.'];
  return table(
    [{ title: 'LAST SEEN (UTC)' }, { title: 'CHANNEL' }, { title: 'ENTRY' }, { title: 'MESSAGE' }, { title: 'BY' }, { title: 'TRIES', align: 'right' }, { title: 'REASON' }],
    letters.map((letter) => [
      utcTime(letter.lastSeenAt), letter.channel, letter.entryId, letter.messageId || '-', letter.consumerGroup, String(letter.deliveries), `${oneLine(letter.reason, 120)} [${letter.reasonCode}]`,
    ]),
  );
}
