import { create, toJsonString } from '@bufbuild/protobuf';
import { GetRunResponseSchema, RunEventSchema, RunSchema, StoredRunEventSchema, type GetRunResponse, type Run, type RunEvent, type StoredRunEvent } from '@nexus/contracts';
import { parseTraceparent } from '@nexus/core';
import { answerOf, lastRouting } from './domain/answer.js';
import { lastState, type RecordedEvent } from './domain/replay.js';
import type { RunState } from './domain/run-state.js';
import { usageOf } from './domain/usage-sum.js';
import { acceptedOf } from './handlers/live-run.js';
import type { StoredRun } from './storage/run.store.js';

/** A stored run as callers see it: what it is now, what happened, and its answer once there is one. */
export function runView(run: StoredRun): GetRunResponse {
  const events = run.events.map(({ event }) => event);
  const accepted = acceptedOf(events);
  const state = lastState(run, run.events);
  return create(GetRunResponseSchema, {
    run: summaryOf(run, state),
    events: run.events.map(eventView),
    answer: state.ending === undefined ? undefined : answerOf(state, accepted, events),
  });
}

/** A stored run without its events, which lead to this state. */
export function summaryOf(run: StoredRun, state: RunState): Run {
  const events = run.events.map(({ event }) => event);
  const accepted = acceptedOf(events);
  const lastAt = run.events.at(-1)?.at ?? state.acceptedAt;
  return create(RunSchema, {
    id: run.runId,
    threadId: run.threadId,
    messageId: accepted.messageId,
    agent: accepted.agent?.name ?? '',
    status: run.status,
    traceId: parseTraceparent(accepted.traceparent)?.traceId ?? '',
    createdAt: BigInt(state.acceptedAt),
    finishedAt: BigInt(state.ending?.at ?? 0),
    usage: usageOf(state.usage, state.step, (state.ending?.at ?? lastAt) - state.acceptedAt, lastRouting(events)),
    error: state.ending?.error,
    correlationId: accepted.correlationId || accepted.messageId,
    forkedFrom: accepted.request?.forkedFrom,
  });
}

/** `modelAnswered` -> `model_answered`; of an event that this version does not know `unknown`. */
export const kindOf = ({ event }: StoredRunEvent): string => snakeCase(event.case ?? 'unknown');

/** `toolStarted` -> `tool_started`. */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

function eventView({ seq, at, event }: RecordedEvent): RunEvent {
  const happened = event.event;
  if (happened.case === undefined) return create(RunEventSchema, { seq, createdAt: BigInt(at), kind: kindOf(event) });
  return create(RunEventSchema, {
    seq,
    createdAt: BigInt(at),
    kind: kindOf(event),
    step: 'step' in happened.value ? happened.value.step : 0,
    payloadJson: toJsonString(StoredRunEventSchema, event),
    costMicroUsd: 'spend' in happened.value ? (happened.value.spend?.costMicroUsd ?? 0n) : 0n,
  });
}
