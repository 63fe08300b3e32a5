import type { Question } from '../load/questions.js';
import { groupBy } from './answers.js';
import type { Evidence, FaultRecord, Oracle, StoredRun } from './evidence.js';

interface Placed {
  readonly question: Question;
  readonly run: StoredRun;
  /** When its answer was first seen. */
  readonly seenAt: number;
  /** Its place among all sightings. */
  readonly seenAs: number;
}

/**
 * Runs of a thread were accepted and answered in the order in which their messages were published. A message that Redis lost before it
 * was accepted counts as published when it was published again; an answer that Redis lost before it was read, likewise.
 */
export const ordered: Oracle = (evidence) => {
  const { questions, faults } = evidence;
  const losses = faults.filter(({ isLoss }) => isLoss);
  const placed = place(evidence);
  const violations: string[] = [];
  let excused = 0;
  const judge = (isExcused: boolean, words: string): void => {
    if (isExcused) excused++;
    else violations.push(words);
  };
  const threads = groupBy(questions.filter(({ id }) => placed.has(id)), ({ thread }) => thread);
  for (const [thread, asked] of threads) {
    asked.sort((a, b) => a.number - b.number);
    for (let i = 1; i < asked.length; i++) {
      const [before, after] = [placed.get((asked[i - 1] as Question).id) as Placed, placed.get((asked[i] as Question).id) as Placed];
      const names = `${thread}: ${before.question.id} and ${after.question.id}`;
      if (before.run.threadSeq > after.run.threadSeq) judge(wasLost(losses, before.question.askedAt, before.run.createdAt), `${names} were accepted the other way round`);
      else if (before.seenAs > after.seenAs) judge(wasLost(losses, before.run.finishedAt ?? 0, before.seenAt), `${names} were answered the other way round`);
    }
  }
  return { oracle: 'order', checked: placed.size, violations, notes: `${threads.size} threads; ${excused} pairs changed places because Redis lost the first` };
};

const wasLost = (losses: readonly FaultRecord[], from: number, to: number): boolean => losses.some(({ startedAt, endedAt }) => endedAt >= from && startedAt <= to);

function place({ questions, runs, sightings }: Evidence): Map<string, Placed> {
  const runOf = new Map(runs.map((run) => [run.messageId, run]));
  const firstSeen = new Map<string, number>();
  sightings.forEach(({ messageId, isRetryable }, index) => {
    if (!isRetryable && !firstSeen.has(messageId)) firstSeen.set(messageId, index);
  });
  return new Map(questions.flatMap((question): [string, Placed][] => {
    const [run, seenAs] = [runOf.get(question.id), firstSeen.get(question.id)];
    return question.kind !== 'bus' || run === undefined || seenAs === undefined ? [] : [[question.id, { question, run, seenAs, seenAt: sightings[seenAs]?.at ?? 0 }]];
  }));
}
