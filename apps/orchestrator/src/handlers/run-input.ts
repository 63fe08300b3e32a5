import { create } from '@bufbuild/protobuf';
import type { Message } from '@nexus/channels';
import { ErrorSchema, Outcome, type StoredRunEvent } from '@nexus/contracts';
import type { TraceContext } from '@nexus/core';
import { toolCallsIn } from '../domain/model-answer.js';
import { executionIdOf } from '../domain/run-ids.js';
import { modelCallOf } from '../domain/run.machine.js';
import { deadlineError } from '../domain/stop-rules.js';
import { storedEvent } from '../domain/stored-event.js';
import { understandAnswer } from '../domain/understand-answer.js';
import type { LiveRun } from './live-run.js';
import { callsOfStep } from './outbox.js';
import type { ToolSchemas } from './tool-schemas.js';

/** Something that may have happened to a run. */
export interface RunInput {
  readonly tenantId: string;
  readonly runId: string;
  /** Parent of what it causes. */
  readonly trace: TraceContext | undefined;
  /** No message brings it, so no redelivery would bring it again. */
  readonly isOwn: boolean;
  /** Its message came before, and what it published may be lost. */
  readonly isAgain: boolean;
  /** What to store; undefined when it says nothing to this run. */
  toEvent(live: LiveRun): StoredRunEvent | undefined;
  /** Whether this stored event is the one that it brings. */
  isSame(stored: StoredRunEvent): boolean;
}

/** What is known of the message that brings something. */
export interface Bringing {
  readonly trace: TraceContext | undefined;
  readonly isAgain: boolean;
}

/** The answer of a model call, or its failure. Undefined when it belongs to no run. */
export function modelAnswered(message: Message<'inference.response'>, bringing: Bringing, schemas: ToolSchemas): RunInput | undefined {
  const { tenantId, payload } = message;
  const { attemptId, run, outcome, spend, parts, routing, waitedMs } = payload;
  if (run === undefined || tenantId === '') return undefined;
  return {
    ...bringing,
    tenantId,
    runId: run.runId,
    isOwn: false,
    toEvent(live) {
      if (outcome.case === 'completion' && outcome.value.output.case === 'message') {
        const { finishReason, output } = outcome.value;
        const call = modelCallOf(live.state, 0);
        const { message: understood, invalidCalls } = understandAnswer(output.value, schemas.rulesOf(live.agent.tools), {
          step: run.step,
          mayCallTools: call.mayCallTools && live.agent.tools.length > 0,
          usedIds: usedCallIds(live),
        });
        return storedEvent('modelAnswered', { attemptId, step: run.step, message: understood, finishReason, spend, invalidCalls: [...invalidCalls], routing, waitedMs });
      }
      const error = outcome.case === 'error' ? outcome.value : create(ErrorSchema, { code: 'provider_error', message: 'The provider answered in a way that an agent cannot use.', status: 502 });
      return storedEvent('modelFailed', { attemptId, step: run.step, error, spend, parts, routing, waitedMs });
    },
    isSame: ({ event }) => (event.case === 'modelAnswered' || event.case === 'modelFailed') && event.value.attemptId === attemptId,
  };
}

/** Of everything that the model is told: ids made here for earlier turns, and for the origin of a fork, are of the same making. */
function usedCallIds(live: LiveRun): ReadonlySet<string> {
  const before = [...live.earlier.flatMap(({ messages }) => messages), ...(live.accepted.request?.history ?? [])];
  const said = live.events.flatMap(({ event }) => (event.case === 'modelAnswered' ? (event.value.message ?? []) : []));
  return new Set([...before, ...said].flatMap((message) => toolCallsIn(message).map((call) => call.id)));
}

/** The result of a tool call. */
export function toolFinished(message: Message<'tools.results'>, bringing: Bringing): RunInput {
  const { tenantId, payload } = message;
  const { executionId, runId, step, result, error, waitedMs, durationMs, cpuMs } = payload;
  return {
    ...bringing,
    tenantId, runId,
    isOwn: false,
    toEvent(live) {
      const place = live.state.pending.find((one) => executionIdOf(runId, live.state.step, one) === executionId);
      const call = place === undefined ? undefined : callsOfStep(live.events, live.state.step)[place];
      if (call === undefined) return undefined;
      // the answer must name the call that it answers, whatever the executor says
      const text = result?.text ?? error?.message ?? '';
      const isError = result?.isError === true || error !== undefined;
      return storedEvent('toolFinished', { step, executed: { executionId, waitedMs, durationMs, cpuMs, error, result: { callId: call.id, name: call.name, text, isError } } });
    },
    isSame: ({ event }) => event.case === 'toolFinished' && event.value.executed?.executionId === executionId,
  };
}

/** Someone wants the run to stop. */
export function cancelled(run: { readonly tenantId: string; readonly runId: string }, bringing: Bringing, isOwn: boolean): RunInput {
  return {
    ...bringing,
    tenantId: run.tenantId,
    runId: run.runId,
    isOwn,
    toEvent: () => storedEvent('finished', { outcome: Outcome.CANCELLED }),
    isSame: ({ event }) => event.case === 'finished' && event.value.outcome === Outcome.CANCELLED,
  };
}

/** The run's time may be over. `now` is Unix milliseconds. */
export function expired(run: { readonly tenantId: string; readonly runId: string }, now: () => number): RunInput {
  return {
    tenantId: run.tenantId,
    runId: run.runId,
    trace: undefined,
    isOwn: true,
    isAgain: false,
    toEvent: ({ state }) => (state.deadlineAt > 0 && state.deadlineAt <= now() ? storedEvent('finished', { outcome: Outcome.FAILED, error: deadlineError() }) : undefined),
    isSame: () => false,
  };
}
