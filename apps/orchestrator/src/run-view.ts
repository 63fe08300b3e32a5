import { create, toJsonString } from '@bufbuild/protobuf';
import { GetRunResponseSchema, RunEventSchema, RunSchema, StoredRunEventSchema, type GetRunResponse, type RunEvent } from '@nexus/contracts';
import { parseTraceparent } from '@nexus/core';
import { answerOf } from './domain/answer.js';
import { lastState, type RecordedEvent } from './domain/replay.js';
import { usageOf } from './domain/usage-sum.js';
import { acceptedOf } from './handlers/live-run.js';
import type { StoredRun } from './storage/run.store.js';

/** A stored run as callers see it: what it is now, what happened, and its answer once there is one. */
export function runView(run: StoredRun): GetRunResponse {
  const events = run.events.map(({ event }) => event);
  const accepted = acceptedOf(events);
  const state = lastState(run, run.events);
  const lastAt = run.events.at(-1)?.at ?? state.acceptedAt;
  return create(GetRunResponseSchema, {
    run: create(RunSchema, {
      id: run.runId,
      threadId: run.threadId,
      messageId: accepted.messageId,
      agent: accepted.agent?.name ?? '',
      status: run.status,
      traceId: parseTraceparent(accepted.traceparent)?.traceId ?? '',
      createdAt: BigInt(state.acceptedAt),
      finishedAt: BigInt(state.ending?.at ?? 0),
      usage: usageOf(state.usage, state.step, (state.ending?.at ?? lastAt) - state.acceptedAt),
      error: state.ending?.error,
      correlationId: accepted.correlationId || accepted.messageId,
    }),
    events: run.events.map(eventView),
    answer: state.ending === undefined ? undefined : answerOf(state, accepted, events),
  });
}

const kinds = { accepted: 'accepted', started: 'started', modelAnswered: 'model_answered', modelFailed: 'model_failed', toolFinished: 'tool_finished', finished: 'finished' } as const;

function eventView({ seq, at, event }: RecordedEvent): RunEvent {
  const happened = event.event;
  if (happened.case === undefined) return create(RunEventSchema, { seq, createdAt: BigInt(at), kind: 'unknown' });
  return create(RunEventSchema, {
    seq,
    createdAt: BigInt(at),
    kind: kinds[happened.case],
    step: 'step' in happened.value ? happened.value.step : 0,
    payloadJson: toJsonString(StoredRunEventSchema, event),
    costMicroUsd: 'spend' in happened.value ? (happened.value.spend?.costMicroUsd ?? 0n) : 0n,
  });
}
