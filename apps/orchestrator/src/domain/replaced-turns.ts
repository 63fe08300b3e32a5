/** What is known of a turn's message. */
interface Said {
  readonly messageId: string;
  /** The earlier message that it replaces; '' for none. */
  readonly replaces: string;
}

/**
 * Turns in the order of their thread without those whose message was replaced by a later one: by a later turn, or by what is said now, which
 * replaces `replacesNow` ('' for none). Of several that replace one message the last stays.
 */
export function withoutReplaced<T extends Said>(turns: readonly T[], replacesNow: string): readonly T[] {
  if (replacesNow === '' && turns.every(({ replaces }) => replaces === '')) return turns;
  const replaced = new Set(replacesNow === '' ? [] : [replacesNow]);
  const kept: T[] = [];
  for (const turn of turns.toReversed()) {
    if (!replaced.has(turn.messageId) && !replaced.has(turn.replaces)) kept.push(turn);
    if (turn.replaces !== '') replaced.add(turn.replaces);
  }
  return kept.reverse();
}
