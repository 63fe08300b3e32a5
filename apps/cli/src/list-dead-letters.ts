import type { DeadLetter } from '@nexus/contracts';
import { includesSystem, type DeadLetterDesk } from './dead-letter-desks.js';

/** Which letters to list; absent is all. */
export interface DeadLetterSearch {
  readonly channel?: string | undefined;
  readonly reason?: string | undefined;
  readonly service?: string | undefined;
  /** An id of the letter, its message or its entry. */
  readonly about?: string;
  readonly limit: number;
}

/** What was found, and whether that is all. */
export interface FoundDeadLetters {
  /** Newest first. */
  readonly letters: readonly DeadLetter[];
  readonly hasMore: boolean;
  readonly isSystemSearched: boolean;
}

/** Most letters that a service gives at once. */
const PAGE = 100;

/** The newest letters of all desks together. */
export async function listDeadLetters(desks: readonly DeadLetterDesk[], search: DeadLetterSearch): Promise<FoundDeadLetters> {
  const lists = await Promise.all(desks.map((desk) => listOf(desk, search)));
  const letters = lists.flat().sort((a, b) => Number(b.lastSeenAt - a.lastSeenAt));
  return { letters: letters.slice(0, search.limit), hasMore: letters.length > search.limit, isSystemSearched: includesSystem(desks) };
}

/** One more than the limit, if there is one more. */
async function listOf({ letters }: DeadLetterDesk, { channel = '', reason = '', service = '', about = '', limit }: DeadLetterSearch): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for (let cursor = ''; ;) {
    const page = await letters.listDeadLetters({ channel, reasonCode: reason, consumerGroup: service, about, cursor, limit: Math.min(limit + 1 - found.length, PAGE) });
    found.push(...page.deadLetters);
    cursor = page.nextCursor;
    if (cursor === '' || found.length > limit) return found;
  }
}
