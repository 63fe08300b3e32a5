import type { ReplayFailure } from '@nexus/contracts';
import type { DeadLetterDesk } from './dead-letter-desks.js';

/** What is done with letters. */
export type DeadLetterChange = 'replay' | 'purge';

/** Which letters are meant. */
export interface ChosenDeadLetters {
  /** Without ids, all that the others leave. */
  readonly ids: readonly string[];
  readonly channel?: string | undefined;
  readonly reason?: string | undefined;
  readonly service?: string | undefined;
  readonly all?: boolean | undefined;
}

/** What one desk has of what was chosen, as it stood when it was counted: what fails again later is not chosen again. */
export interface CountedDeadLetters {
  readonly desk: DeadLetterDesk;
  readonly selected: number;
  readonly seenUntil: bigint;
  readonly unanswered: readonly string[];
}

/** What came of it. */
export interface ChangedDeadLetters {
  readonly done: number;
  readonly failures: readonly ReplayFailure[];
  /** Services that did not answer. */
  readonly unanswered: readonly string[];
}

interface Answer {
  readonly selected: number;
  readonly seenUntil: bigint;
  readonly unanswered: readonly string[];
  readonly hasMore: boolean;
  readonly done: number;
  readonly failures: readonly ReplayFailure[];
}

/** Changes nothing. */
export async function countChosen(desks: readonly DeadLetterDesk[], change: DeadLetterChange, chosen: ChosenDeadLetters): Promise<CountedDeadLetters[]> {
  return Promise.all(desks.map(async (desk) => {
    const { selected, seenUntil, unanswered } = await ask(desk, change, chosen, 0n, true);
    return { desk, selected, seenUntil, unanswered };
  }));
}

/** Goes on until all that was counted is done, or nothing more can be. */
export async function changeChosen(counted: readonly CountedDeadLetters[], change: DeadLetterChange, chosen: ChosenDeadLetters): Promise<ChangedDeadLetters> {
  let done = 0;
  const failures = new Map<string, ReplayFailure>();
  const unanswered = new Set(counted.flatMap((each) => each.unanswered));
  for (const { desk, seenUntil, selected } of counted) {
    for (let isGoingOn = selected > 0; isGoingOn;) {
      const answer = await ask(desk, change, chosen, seenUntil, false);
      done += answer.done;
      for (const failure of answer.failures) failures.set(failure.id, failure);
      for (const service of answer.unanswered) unanswered.add(service);
      isGoingOn = answer.hasMore && answer.done > 0;
    }
  }
  return { done, failures: [...failures.values()], unanswered: [...unanswered] };
}

async function ask({ letters }: DeadLetterDesk, change: DeadLetterChange, chosen: ChosenDeadLetters, seenUntil: bigint, dryRun: boolean): Promise<Answer> {
  const { ids, channel = '', reason = '', service = '', all = false } = chosen;
  const request = { dryRun, selection: { ids: [...ids], channel, reasonCode: reason, consumerGroup: service, all, seenUntil } };
  switch (change) {
    case 'replay': {
      const answer = await letters.replayDeadLetters(request);
      return { ...answer, done: answer.replayed };
    }
    case 'purge': {
      const answer = await letters.purgeDeadLetters(request);
      return { ...answer, done: answer.purged, failures: [] };
    }
  }
}
