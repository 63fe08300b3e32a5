import { create } from '@bufbuild/protobuf';
import {
  AcceptedSchema, ErrorSchema, FinishReason, Outcome, Progress, StepFinishedSchema, ToolFinishedSchema, ToolStartedSchema,
  type Error, type ModelAnswered, type ModelFailed, type ProgressPart, type RunAccepted, type RunFinished, type StoredRunEvent, type ToolFinishedEvent,
} from '@nexus/contracts';
import { assertExhaustive } from '@nexus/core';
import type { Decision, Effect } from './effect.js';
import { callsToMake, textOf } from './model-answer.js';
import { answerToModelFailure, isRefusal, isUseUnknown } from './model-failure.policy.js';
import { attemptIdOf, executionIdOf } from './run-ids.js';
import type { Ending, Phase, RunState } from './run-state.js';
import { stateMachine } from './state-machine.js';
import type { RunEventKind } from './stored-event.js';
import { deadlinePassed, firstOf, repairsUsedUp, stepsUsedUp } from './stop-rules.js';
import { addModelCall, addToolCall } from './usage-sum.js';

const machine = stateMachine<Phase, RunEventKind>('new', {
  new: { accepted: ['queued', 'model'] },
  queued: { started: ['model'], finished: ['over'] },
  model: { modelAnswered: ['model', 'tools', 'over'], modelFailed: ['model', 'over'], finished: ['over'] },
  tools: { toolFinished: ['tools', 'model', 'over'], finished: ['over'] },
  over: {},
});

const mustStop = firstOf(deadlinePassed, repairsUsedUp, stepsUsedUp);

/**
 * What an event makes of a run: pure, so that stored events give the same states again. An event that says nothing new (a
 * redelivery, a late answer, a result that nobody waits for) gives the same state object and no effects. `now` is when the event
 * was stored, Unix milliseconds.
 */
export function decide(state: RunState, { event }: StoredRunEvent, now: number): Decision {
  if (event.case === undefined || !machine.allows(state.phase, event.case)) return { state, effects: [] };
  const decision = apply(state, event, now);
  if (decision.state !== state) machine.assertMove(state.phase, event.case, decision.state.phase);
  return decision;
}

function apply(state: RunState, event: Exclude<StoredRunEvent['event'], { case: undefined }>, now: number): Decision {
  switch (event.case) {
    case 'accepted': return accepted(state, event.value, now);
    case 'started': return begin(state, now);
    case 'modelAnswered': return modelAnswered(state, event.value, now);
    case 'modelFailed': return modelFailed(state, event.value, now);
    case 'toolFinished': return toolFinished(state, event.value, now);
    case 'finished': return finished(state, event.value, now);
    default: return assertExhaustive(event);
  }
}

function accepted(state: RunState, event: RunAccepted, now: number): Decision {
  const stored: RunState = {
    ...state,
    phase: 'queued',
    acceptedAt: now,
    deadlineAt: Number(event.request?.deadlineMs ?? 0n),
    maxSteps: event.agent?.maxSteps ?? 0,
    limitMs: Number(event.agent?.deadlineMs ?? 0n),
    failsOnUnknown: event.agent?.failsOnUnknown ?? false,
    wantsProgress: (event.request?.progress ?? Progress.NONE) >= Progress.STEPS,
  };
  const told = tell({ state: stored, effects: [] }, { case: 'accepted', value: create(AcceptedSchema, { threadId: state.threadId, queuedBehind: state.queuedBehind }) });
  return state.queuedBehind > 0 ? told : andThen(told, (next) => begin(next, now));
}

/** The first step. A deadline that passed in the queue is not looked at here: ending a run takes an event of its own. */
function begin(state: RunState, now: number): Decision {
  const own = state.limitMs > 0 ? now + state.limitMs : 0;
  const deadlineAt = state.deadlineAt > 0 && own > 0 ? Math.min(state.deadlineAt, own) : state.deadlineAt || own;
  return tryModel({ ...state, phase: 'model', step: 1, startedAt: now, deadlineAt }, now);
}

/** The next step, unless a rule says stop. */
function callModel(state: RunState, now: number): Decision {
  const reason = mustStop(state, now);
  if (reason !== undefined) return end(state, failed(reason, now));
  return tryModel({ ...state, phase: 'model', step: state.step + 1, tryNumber: 0, retryAt: 0, pending: [] }, now);
}

function tryModel(state: RunState, now: number): Decision {
  return { state, effects: [modelCallOf(state, now)] };
}

/** The model call that a run waits for, as of now. The last step that a run may take is asked without tools, so that it ends with an answer. */
export function modelCallOf(state: RunState, now: number): Extract<Effect, { kind: 'callModel' }> {
  const { step, tryNumber, maxSteps } = state;
  return { kind: 'callModel', step, tryNumber, delayMs: Math.max(0, state.retryAt - now), mayCallTools: maxSteps === 1 || step < maxSteps };
}

function modelAnswered(state: RunState, event: ModelAnswered, now: number): Decision {
  if (event.attemptId !== attemptIdOf(state.runId, state.step, state.tryNumber)) return { state, effects: [] };
  const calls = callsToMake(event);
  const used: RunState = { ...state, usage: addModelCall(state.usage, event.spend, event.routing?.tier) };
  const told = tell({ state: used, effects: [] }, {
    case: 'stepFinished',
    value: create(StepFinishedSchema, { tokens: event.spend?.usage, costMicroUsd: event.spend?.costMicroUsd ?? 0n, model: event.spend?.model ?? '' }),
  });
  if (calls.length === 0 && event.invalidCalls.length === 0) return andThen(told, (next) => end(next, answered(event, now)));
  return andThen(told, (next) => {
    const asked: RunState = { ...next, repairs: next.repairs + (event.invalidCalls.length > 0 ? 1 : 0) };
    const reason = mustStop(asked, now);
    if (reason !== undefined) return end(asked, failed(reason, now));
    if (calls.length === 0) return callModel(asked, now);
    const places = calls.map((_, place) => place);
    const started = calls.reduce<Decision>(
      (decision, call) => tell(decision, { case: 'toolStarted', value: create(ToolStartedSchema, { call }) }),
      { state: { ...asked, phase: 'tools', pending: places }, effects: [] },
    );
    return { state: started.state, effects: [...started.effects, { kind: 'executeTools', step: asked.step, places }] };
  });
}

function modelFailed(state: RunState, event: ModelFailed, now: number): Decision {
  if (event.attemptId !== attemptIdOf(state.runId, state.step, state.tryNumber)) return { state, effects: [] };
  const error = event.error ?? create(ErrorSchema, { code: 'internal', message: 'The model call failed.', status: 500 });
  const wasCalled = event.spend !== undefined || isUseUnknown(error);
  const used: RunState = wasCalled ? { ...state, usage: addModelCall(state.usage, event.spend, event.routing?.tier) } : state;
  const answer = answerToModelFailure(error, { tryNumber: state.tryNumber, failsOnUnknown: state.failsOnUnknown, isRouted: event.routing !== undefined });
  if (answer.kind === 'fail' || deadlinePassed(used, now + answer.delayMs) !== undefined) return end(used, notAnswered(used, error, now));
  const restarts = used.restarts + (wasCalled || event.parts > 0n ? 1 : 0); // some of its text may have been seen
  return tryModel({ ...used, tryNumber: used.tryNumber + 1, retryAt: answer.delayMs > 0 ? now + answer.delayMs : 0, restarts }, now);
}

function toolFinished(state: RunState, event: ToolFinishedEvent, now: number): Decision {
  const executed = event.executed;
  const place = state.pending.find((one) => executionIdOf(state.runId, state.step, one) === executed?.executionId);
  if (place === undefined || executed === undefined) return { state, effects: [] };
  const used: RunState = { ...state, usage: addToolCall(state.usage, executed.cpuMs), pending: state.pending.filter((one) => one !== place) };
  const told = tell({ state: used, effects: [] }, {
    case: 'toolFinished',
    value: create(ToolFinishedSchema, { result: executed.result, durationMs: executed.durationMs }),
  });
  return used.pending.length > 0 ? told : andThen(told, (next) => callModel(next, now));
}

function finished(state: RunState, event: RunFinished, now: number): Decision {
  const outcome = event.outcome === Outcome.CANCELLED ? Outcome.CANCELLED : Outcome.FAILED;
  const ending: Ending = { outcome, error: event.error, finishReason: FinishReason.UNSPECIFIED, at: now };
  if (state.phase !== 'model') return end(state, ending);
  const ended = end({ ...state, usage: { ...state.usage, isPartial: true } }, ending); // nobody waits to hear what the stopped call used
  return { state: ended.state, effects: [{ kind: 'stopModel' }, ...ended.effects] };
}

function answered(event: ModelAnswered, now: number): Ending {
  if (textOf(event.message).trim() !== '') return { outcome: Outcome.ANSWERED, finishReason: event.finishReason, at: now };
  const isFiltered = event.finishReason === FinishReason.CONTENT_FILTER;
  return failed(isFiltered
    ? create(ErrorSchema, { code: 'content_filtered', message: 'The provider withheld the answer. Ask in another way or choose another model.', status: 422 })
    : create(ErrorSchema, { code: 'empty_answer', message: 'The model answered nothing. Try again or choose another model.', status: 502, isRetryable: true }), now);
}

/** A run whose first model call NEXUS refused has not begun: that is a refusal, however it came to be known. */
function notAnswered(state: RunState, error: Error, now: number): Ending {
  const isRefused = isRefusal(error) && state.usage.modelCalls === 0;
  return isRefused ? { ...failed(error, now), outcome: Outcome.REFUSED } : failed(error, now);
}

const failed = (error: Error, now: number): Ending => ({ outcome: Outcome.FAILED, error, finishReason: FinishReason.UNSPECIFIED, at: now });

const end = (state: RunState, ending: Ending): Decision => ({ state: { ...state, phase: 'over', pending: [], ending }, effects: [{ kind: 'reply' }] });

/** Adds a live part for those who asked for them; without any the numbering stands still. */
function tell({ state, effects }: Decision, part: ProgressPart['part']): Decision {
  if (!state.wantsProgress) return { state, effects };
  const seq = state.parts + 1;
  return { state: { ...state, parts: seq }, effects: [...effects, { kind: 'progress', seq, step: state.step, part }] };
}

function andThen(decision: Decision, next: (state: RunState) => Decision): Decision {
  const following = next(decision.state);
  return { state: following.state, effects: [...decision.effects, ...following.effects] };
}
