import type { StoredRunEvent } from '@nexus/contracts';
import { decide } from './run.machine.js';
import { newRun, type RunIdentity, type RunState } from './run-state.js';

/** An event as it is stored. */
export interface RecordedEvent {
  readonly seq: number;
  /** Unix milliseconds: what `now` was for the decision. */
  readonly at: number;
  readonly event: StoredRunEvent;
  /** The state's fingerprint after this event; undefined where the database added the event itself. */
  readonly fingerprint?: number | undefined;
}

/** The states that the events of a run lead through, one for each event. */
export function replay(identity: RunIdentity, events: readonly RecordedEvent[]): readonly RunState[] {
  let state = newRun(identity);
  return events.map(({ event, at }) => (state = decide(state, event, at).state));
}

/** Where a run stands. */
export const lastState = (identity: RunIdentity, events: readonly RecordedEvent[]): RunState => replay(identity, events).at(-1) ?? newRun(identity);
