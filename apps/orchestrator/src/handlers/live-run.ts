import { create } from '@bufbuild/protobuf';
import { AgentSnapshotSchema, Outcome, RunStatus, type AgentSnapshot, type RunAccepted, type StoredRunEvent } from '@nexus/contracts';
import { AppError, parseTraceparent, type TraceContext } from '@nexus/core';
import { turnOf, type Turn } from '../domain/conversation.js';
import { lastState, type RecordedEvent } from '../domain/replay.js';
import type { RunState } from '../domain/run-state.js';

/** A run as this process knows it. Another replica may know more: a commit is what tells. */
export interface LiveRun {
  readonly tenantId: string;
  readonly threadSeq: number;
  readonly epoch: number;
  readonly accepted: RunAccepted;
  /** With instructions and tools. */
  readonly agent: AgentSnapshot;
  /** The turns before it in its thread. */
  readonly earlier: readonly Turn[];
  /** The run before it in its thread, when that ended a short while ago and nobody here knows that its answer is published. */
  readonly before?: LiveRun | undefined;
  /** In the order of their numbers, from 0. */
  readonly events: readonly StoredRunEvent[];
  /** When the last of them was stored, Unix milliseconds. */
  readonly lastAt: number;
  readonly state: RunState;
  /** Of its own events. */
  readonly bytes: number;
}

/** The epoch of a run's live parts: a later one makes the text of those before void. */
export const partsEpochOf = ({ epoch, state }: LiveRun): bigint => BigInt(epoch + state.restarts);

export const runKey = (run: { readonly tenantId: string; readonly runId: string }): string => `${run.tenantId} ${run.runId}`;

/** The acceptance with which every run's events begin. */
export function acceptedOf(events: readonly StoredRunEvent[]): RunAccepted {
  const first = events[0]?.event;
  if (first?.case !== 'accepted') throw new AppError('internal', 'A stored run does not begin with its acceptance.');
  return first.value;
}

/** A run from its stored events. `kept` are the instructions and tools under its agent hash. */
export function liveRunOf(
  run: { readonly tenantId: string; readonly runId: string; readonly threadId: string; readonly threadSeq: number; readonly epoch: number; readonly queuedBehind: number; readonly bytes: number },
  events: readonly RecordedEvent[],
  kept: AgentSnapshot | undefined,
  earlier: readonly Turn[],
): LiveRun {
  const stored = events.map(({ event }) => event);
  const accepted = acceptedOf(stored);
  const { runId, threadId, queuedBehind } = run;
  return {
    tenantId: run.tenantId, threadSeq: run.threadSeq, epoch: run.epoch, accepted, earlier, events: stored, lastAt: events.at(-1)?.at ?? 0, bytes: run.bytes,
    agent: completeAgent(accepted.agent, kept), state: lastState({ runId, threadId, queuedBehind }, events),
  };
}

/** The agent of a run: name, model and limits from its acceptance, instructions and tools as kept. */
export function completeAgent(agent: AgentSnapshot | undefined, kept: AgentSnapshot | undefined): AgentSnapshot {
  return { ...(agent ?? create(AgentSnapshotSchema)), instructions: kept?.instructions ?? '', tools: kept?.tools ?? [] };
}

/** Parent of what a run does when no message causes it. */
export const traceOf = (live: LiveRun): TraceContext | undefined => parseTraceparent(live.accepted.traceparent);

/** What the runs after this one, that is over, are told: at most `most` turns. */
export function turnsAfter(live: LiveRun, most: number): readonly Turn[] {
  return [...live.earlier, turnOf({ ...live, messageId: live.accepted.messageId }, live.accepted.request, live.events, live.state.ending?.outcome === Outcome.ANSWERED)].slice(-most);
}

/** The status of a run that is over; undefined before. */
export function endingStatus(state: RunState): RunStatus.SUCCEEDED | RunStatus.FAILED | RunStatus.CANCELLED | undefined {
  switch (state.ending?.outcome) {
    case undefined: return undefined;
    case Outcome.ANSWERED: return RunStatus.SUCCEEDED;
    case Outcome.CANCELLED: return RunStatus.CANCELLED;
    case Outcome.FAILED: return RunStatus.FAILED;
    case Outcome.REFUSED: return RunStatus.FAILED;
    default: throw new Error('a run ends answered, failed, cancelled or refused');
  }
}
