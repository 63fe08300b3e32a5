import { AppError } from '@nexus/core';
import type { CliContext } from './cli-context.js';
import { deadLetterDesks } from './dead-letter-desks.js';
import { explainNoRun } from './format/no-run.js';
import { listDeadLetters } from './list-dead-letters.js';

/** A message that was published again and again leaves as many letters; these tell enough. */
const MOST = 20;

/** What can be said about an id that no run is known by. */
export async function explainMissingRun(context: CliContext, id: string, url: string | undefined): Promise<string[]> {
  try {
    const { letters, isSystemSearched } = await listDeadLetters(await deadLetterDesks(context, { url }), { about: id, limit: MOST });
    return explainNoRun({ id, letters, lettersUnknown: undefined, isSystemSearched });
  } catch (error) {
    return explainNoRun({ id, letters: [], lettersUnknown: AppError.from(error).message, isSystemSearched: true });
  }
}
