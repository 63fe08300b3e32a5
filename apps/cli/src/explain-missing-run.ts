import { AppError } from '@nexus/core';
import type { CliContext } from './cli-context.js';
import { explainNoRun } from './format/no-run.js';
import { listDeadLetters } from './list-dead-letters.js';

/** As many as a service gives at once: an older letter is not found. */
const SEARCHED = 100;

/** What can be said about an id that no run is known by. */
export async function explainMissingRun(context: CliContext, id: string, url: string | undefined): Promise<string[]> {
  try {
    const { letters, isSystemSearched } = await listDeadLetters(context, { limit: SEARCHED, url });
    const named = letters.filter((letter) => [letter.messageId, letter.entryId, letter.id].includes(id));
    return explainNoRun({ id, letters: named, lettersUnknown: undefined, isSystemSearched });
  } catch (error) {
    return explainNoRun({ id, letters: [], lettersUnknown: AppError.from(error).message, isSystemSearched: true });
  }
}
