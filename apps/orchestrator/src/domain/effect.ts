import type { ProgressPart } from '@nexus/contracts';
import type { RunState } from './run-state.js';

/**
 * What shall happen outside after a decision is stored. By reference: step, try and places point into the run's events, so that a
 * state and its effects stay small however long the conversation is.
 */
export type Effect =
  | { readonly kind: 'callModel'; readonly step: number; readonly tryNumber: number; readonly delayMs: number; readonly mayCallTools: boolean }
  /** Makes the calls at these places of the step's answer. */
  | { readonly kind: 'executeTools'; readonly step: number; readonly places: readonly number[] }
  /** Nobody waits for the run's model call any more. */
  | { readonly kind: 'stopModel' }
  | { readonly kind: 'progress'; readonly seq: number; readonly step: number; readonly part: ProgressPart['part'] }
  /** The one answer; what it says is the state's ending. */
  | { readonly kind: 'reply' };

/** What comes of an event. The same state object means that the event says nothing new: it is not stored. */
export interface Decision {
  readonly state: RunState;
  readonly effects: readonly Effect[];
}
