import type { DeadLetter } from '@nexus/contracts';
import { deadLetterTable } from './dead-letter-table.js';

/** Where an id was looked for. */
export interface NoRun {
  readonly id: string;
  /** Dead letters that name it. */
  readonly letters: readonly DeadLetter[];
  /** Where the dead letters could not be asked for, in words; undefined when they were. */
  readonly lettersUnknown: string | undefined;
  /** Whether entries of no tenant were looked at too, for which it takes the service token. */
  readonly isSystemSearched: boolean;
}

/** Why there is no answer to what no run is known of: what is known, and what to look at next. */
export function explainNoRun({ id, letters, lettersUnknown, isSystemSearched }: NoRun): string[] {
  if (letters.length > 0) {
    return [`No run began for ${id}: the message could not be handled, and lies among the dead letters.`, '', ...deadLetterTable(letters)];
  }
  return [
    `No run of this tenant has ${id} as its id, message id or correlation id${lettersUnknown === undefined ? ', and no dead letter names it' : ''}.`,
    ...(lettersUnknown === undefined ? [] : [`The dead letters could not be asked for: ${lettersUnknown}`]),
    'Possible reasons:',
    '  - it was never published, or under another id: `npx nexus channels tail requests.incoming --last 20` shows what was',
    '  - it was refused (no valid key in its metadata, say): then its answer said so, on requests.processed or the reply-to that it named:',
    '    `npx nexus channels tail requests.processed --last 20`',
    "  - it was published with another tenant's key",
    ...(isSystemSearched ? [] : ['  - it could not be read at all: such entries belong to no tenant, and are listed only with NEXUS_SERVICE_TOKEN']),
  ];
}
