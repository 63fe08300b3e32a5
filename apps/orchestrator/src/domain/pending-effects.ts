import { assertExhaustive } from '@nexus/core';
import type { Effect } from './effect.js';
import { modelCallOf } from './run.machine.js';
import type { RunState } from './run-state.js';

/**
 * What a run waits for, from its state alone: a model call that may not be made yet with what is left of its wait. Publishing it again is harmless, because every id in it is deterministic: that is how a
 * redelivered message re-publishes what it published, and how a run without progress is woken.
 */
export function pendingEffects(state: RunState, now: number): readonly Effect[] {
  switch (state.phase) {
    case 'new':
    case 'queued':
      return [];
    case 'model':
      return [modelCallOf(state, now)];
    case 'tools':
      return [{ kind: 'executeTools', step: state.step, places: state.pending }];
    case 'over':
      return [{ kind: 'reply' }];
    default:
      return assertExhaustive(state.phase);
  }
}
