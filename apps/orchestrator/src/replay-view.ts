import { create } from '@bufbuild/protobuf';
import { DecidedEffectSchema, ReplayRunResponseSchema, ReplayedEventSchema, type DecidedEffect, type ReplayRunResponse, type ReplayedEvent } from '@nexus/contracts';
import { assertExhaustive } from '@nexus/core';
import type { Effect } from './domain/effect.js';
import { attemptIdOf, executionIdOf } from './domain/run-ids.js';
import { replayReport, type ReplayedState } from './handlers/replay-report.js';
import { kindOf, snakeCase, summaryOf } from './run-view.js';
import type { StoredRun } from './storage/run.store.js';

/** A stored run decided about anew, as callers see it. */
export function replayView(run: StoredRun): ReplayRunResponse {
  const { states, differences, state } = replayReport(run);
  return create(ReplayRunResponseSchema, { run: summaryOf(run, state), events: states.map(eventView), divergences: [...differences] });
}

function eventView({ recorded, state, effects, fingerprint }: ReplayedState): ReplayedEvent {
  const { phase, step, tryNumber, pending, usage, runId } = state;
  return create(ReplayedEventSchema, {
    seq: recorded.seq,
    createdAt: BigInt(recorded.at),
    kind: kindOf(recorded.event),
    phase, step, tryNumber,
    pending: [...pending],
    costMicroUsd: BigInt(usage.costMicroUsd),
    effects: effects.map((effect) => effectView(runId, effect)),
    storedFingerprint: recorded.fingerprint,
    computedFingerprint: fingerprint,
  });
}

function effectView(runId: string, effect: Effect): DecidedEffect {
  switch (effect.kind) {
    case 'callModel': {
      const { step, tryNumber, delayMs } = effect;
      return create(DecidedEffectSchema, { kind: 'call_model', step, tryNumber, delayMs: BigInt(delayMs), ids: [attemptIdOf(runId, step, tryNumber)] });
    }
    case 'executeTools': return create(DecidedEffectSchema, { kind: 'execute_tools', step: effect.step, ids: effect.places.map((place) => executionIdOf(runId, effect.step, place)) });
    case 'progress': return create(DecidedEffectSchema, { kind: 'progress', step: effect.step, part: snakeCase(effect.part.case ?? '') });
    case 'stopModel': return create(DecidedEffectSchema, { kind: 'stop_model' });
    case 'reply': return create(DecidedEffectSchema, { kind: 'reply' });
    default: return assertExhaustive(effect);
  }
}
