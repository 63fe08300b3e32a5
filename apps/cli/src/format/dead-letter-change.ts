import type { ChangedDeadLetters, DeadLetterChange } from '../change-dead-letters.js';
import { count } from './count.js';
import { oneLine } from './one-line.js';

const past: Readonly<Record<DeadLetterChange, string>> = { replay: 'Replayed', purge: 'Purged' };

/** `Replayed 3 of 4 dead letters.`, and why not all. */
export function changeLines(change: DeadLetterChange, selected: number, { done, failures, unanswered }: ChangedDeadLetters): string[] {
  return [
    `${past[change]} ${done === selected ? count(done, 'dead letter') : `${done} of ${count(selected, 'dead letter')}`}.`,
    ...failures.map(({ id, error }) => `  ${id} stays: ${oneLine(error?.message ?? '', 200)} [${error?.code ?? ''}]`),
    ...unansweredLines(unanswered),
  ];
}

/** Which services did not answer; nothing when all did. */
export function unansweredLines(unanswered: readonly string[]): string[] {
  return unanswered.length === 0 ? [] : [`These did not answer, and their letters were not seen to: ${unanswered.join(', ')}.`];
}
