import { RunStatus } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { Decision, Effect } from '../domain/effect.js';
import type { RecordedEvent } from '../domain/replay.js';
import { decide } from '../domain/run.machine.js';
import { fingerprint, newRun, type RunIdentity, type RunState } from '../domain/run-state.js';
import { endingStatus } from './live-run.js';

/** What deciding anew about a stored event gives. */
export interface ReplayedState {
  readonly recorded: RecordedEvent;
  readonly state: RunState;
  readonly effects: readonly Effect[];
  readonly fingerprint: number;
}

/** Where a replay and what is stored differ; `seq` is the event's, -1 is the run as a whole. */
export interface Difference {
  readonly seq: number;
  readonly kind: 'fingerprint' | 'ignored' | 'error' | 'sequence' | 'status';
  readonly message: string;
}

/** A run's events decided about anew. */
export interface ReplayReport {
  /** Shorter than the events when deciding failed: see the difference of kind `error`. */
  readonly states: readonly ReplayedState[];
  readonly differences: readonly Difference[];
  /** The last of them. */
  readonly state: RunState;
}

/** A run as it is stored. */
export interface RecordedRun extends RunIdentity {
  readonly status: RunStatus;
  readonly events: readonly RecordedEvent[];
}

/**
 * Decides anew about all stored events and tells every difference: another fingerprint, an event that now says nothing new (it was
 * stored because it did), a decision that fails, a gap in the numbers, another status of the run.
 */
export function replayReport(run: RecordedRun): ReplayReport {
  const { runId, threadId, queuedBehind } = run;
  const states: ReplayedState[] = [];
  const differences: Difference[] = [];
  let state = newRun({ runId, threadId, queuedBehind });
  for (const [place, recorded] of run.events.entries()) {
    const { seq } = recorded;
    if (seq !== place) differences.push({ seq, kind: 'sequence', message: `the event number ${place} is missing, ${seq} follows` });
    const decision = decideAnew(state, recorded);
    if (decision instanceof Error) {
      differences.push({ seq, kind: 'error', message: `deciding failed: ${decision.message}; what follows was not replayed` });
      return { states, differences, state };
    }
    if (decision.state === state) differences.push({ seq, kind: 'ignored', message: 'the event was stored, and now says nothing new' });
    state = decision.state;
    const computed = fingerprint(state);
    states.push({ recorded, state, effects: decision.effects, fingerprint: computed });
    if (recorded.fingerprint !== undefined && recorded.fingerprint !== computed) {
      differences.push({ seq, kind: 'fingerprint', message: `the state was ${hex(recorded.fingerprint)} when it was stored, and is ${hex(computed)} now` });
    }
  }
  const status = statusOf(state);
  if (status !== run.status) differences.push({ seq: -1, kind: 'status', message: `the run is stored as ${RunStatus[run.status] ?? run.status}, and is ${RunStatus[status]} by its events` });
  return { states, differences, state };
}

function decideAnew(state: RunState, { event, at }: RecordedEvent): Decision | Error {
  try {
    return decide(state, event, at);
  } catch (error) {
    return error instanceof Error ? error : AppError.from(error);
  }
}

function statusOf(state: RunState): RunStatus {
  return endingStatus(state) ?? (state.phase === 'queued' || state.phase === 'new' ? RunStatus.QUEUED : RunStatus.ACTIVE);
}

const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
