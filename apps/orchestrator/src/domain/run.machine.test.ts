import { create } from '@bufbuild/protobuf';
import { ErrorSchema, FinishReason, Outcome, Progress, Role, type StoredRunEvent } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import type { Decision } from './effect.js';
import { pendingEffects } from './pending-effects.js';
import { decide } from './run.machine.js';
import { attemptIdOf, executionIdOf } from './run-ids.js';
import { newRun, type RunState } from './run-state.js';
import { storedEvent } from './stored-event.js';

const identity = { runId: 'run', threadId: 'thread', queuedBehind: 0 };
const NOW = 1_000;

const accepted = (limits: { maxSteps?: number; progress?: Progress; requestDeadline?: number; failsOnUnknown?: boolean } = {}) =>
  storedEvent('accepted', {
    messageId: 'm1',
    request: { text: 'hello', progress: limits.progress ?? Progress.NONE, deadlineMs: BigInt(limits.requestDeadline ?? 0) },
    agent: { name: 'default', maxSteps: limits.maxSteps ?? 8, deadlineMs: 60_000n, failsOnUnknown: limits.failsOnUnknown ?? false },
  });
const says = (step: number, text: string, tryNumber = 0) =>
  storedEvent('modelAnswered', {
    attemptId: attemptIdOf('run', step, tryNumber), step, finishReason: FinishReason.STOP,
    message: { role: Role.ASSISTANT, parts: [{ kind: { case: 'text', value: text } }] },
    spend: { usage: { input: 10n, output: 2n }, costMicroUsd: 7n },
  });
const asks = (step: number, calls: readonly string[], invalid: readonly string[] = [], tryNumber = 0) =>
  storedEvent('modelAnswered', {
    attemptId: attemptIdOf('run', step, tryNumber), step, finishReason: FinishReason.TOOL_CALLS,
    message: { role: Role.ASSISTANT, parts: [...calls, ...invalid].map((id) => ({ kind: { case: 'toolCall' as const, value: { id, name: 'tool', arguments: '{}' } } })) },
    invalidCalls: invalid.map((callId) => ({ callId, name: 'tool', text: 'wrong', isError: true })),
    spend: { usage: { input: 10n, output: 2n }, costMicroUsd: 7n },
  });
const fails = (step: number, tryNumber: number, error: { code: string; isRetryable?: boolean; retryAfterMs?: bigint }, more: { spend?: { costMicroUsd: bigint }; parts?: bigint } = {}) =>
  storedEvent('modelFailed', { attemptId: attemptIdOf('run', step, tryNumber), step, error, ...more });
const result = (step: number, place: number) =>
  storedEvent('toolFinished', { step, executed: { executionId: executionIdOf('run', step, place), result: { callId: `c${place}`, text: 'ok' } } });

/** Decides one event after the other; the last decision. */
function after(...events: readonly StoredRunEvent[]) {
  let decision: Decision = { state: newRun(identity), effects: [] };
  for (const event of events) decision = decide(decision.state, event, NOW);
  return decision;
}

describe('decide', () => {
  it('calls the model when a run is accepted', () => {
    const { state, effects } = after(accepted());
    expect(state).toMatchObject({ phase: 'model', step: 1, deadlineAt: NOW + 60_000 });
    expect(effects).toEqual([{ kind: 'callModel', step: 1, tryNumber: 0, delayMs: 0, mayCallTools: true }]);
  });

  it('lets a run wait for the runs before it in its thread', () => {
    const waiting = decide(newRun({ ...identity, queuedBehind: 2 }), accepted({ progress: Progress.STEPS }), NOW);
    expect(waiting.state.phase).toBe('queued');
    expect(waiting.effects).toMatchObject([{ kind: 'progress', part: { case: 'accepted', value: { queuedBehind: 2 } } }]);
    const begun = decide(waiting.state, storedEvent('started', {}), NOW + 5_000);
    expect(begun.state).toMatchObject({ phase: 'model', step: 1, deadlineAt: NOW + 65_000 });
  });

  it('answers with what the model says', () => {
    const { state, effects } = after(accepted(), says(1, 'hi'));
    expect(state).toMatchObject({ phase: 'over', ending: { outcome: Outcome.ANSWERED }, usage: { modelCalls: 1, input: 10, costMicroUsd: 7 } });
    expect(effects).toEqual([{ kind: 'reply' }]);
  });

  it('makes all calls of a step at once and asks the model again only after the last result', () => {
    const asked = after(accepted(), asks(1, ['c0', 'c1', 'c2']));
    expect(asked.effects).toEqual([{ kind: 'executeTools', step: 1, places: [0, 1, 2] }]);
    const almost = after(accepted(), asks(1, ['c0', 'c1', 'c2']), result(1, 2), result(1, 0));
    expect(almost).toMatchObject({ state: { phase: 'tools', pending: [1] }, effects: [] });
    const all = decide(almost.state, result(1, 1), NOW);
    expect(all).toMatchObject({ state: { phase: 'model', step: 2, usage: { toolCalls: 3 } }, effects: [{ kind: 'callModel', step: 2 }] });
  });

  it('changes nothing on a redelivered answer, a late attempt or an unknown result', () => {
    const { state } = after(accepted(), asks(1, ['c0', 'c1']), result(1, 0));
    for (const again of [accepted(), asks(1, ['c0', 'c1']), result(1, 0), result(2, 0), says(2, 'x'), fails(1, 0, { code: 'x' })]) {
      expect(decide(state, again, NOW)).toEqual({ state, effects: [] });
      expect(decide(state, again, NOW).state).toBe(state);
    }
  });

  it('never makes an invalid call and lets the model repair it twice', () => {
    const first = after(accepted(), asks(1, ['c0'], ['bad']));
    expect(first.effects).toEqual([{ kind: 'executeTools', step: 1, places: [0] }]);
    const second = after(accepted(), asks(1, [], ['bad1']), asks(2, [], ['bad2']));
    expect(second).toMatchObject({ state: { phase: 'model', step: 3, repairs: 2 }, effects: [{ kind: 'callModel', step: 3 }] });
    const third = decide(second.state, asks(3, ['fine'], ['bad3']), NOW);
    expect(third).toMatchObject({ state: { phase: 'over', ending: { outcome: Outcome.FAILED, error: { code: 'invalid_tool_calls' } } }, effects: [{ kind: 'reply' }] });
  });

  it('asks the last step without tools and stops when it calls some all the same', () => {
    const last = after(accepted({ maxSteps: 2 }), asks(1, ['c0']), result(1, 0));
    expect(last.effects).toEqual([{ kind: 'callModel', step: 2, tryNumber: 0, delayMs: 0, mayCallTools: false }]);
    expect(decide(last.state, asks(2, ['c0']), NOW)).toMatchObject({ state: { ending: { error: { code: 'step_limit_reached' } } }, effects: [{ kind: 'reply' }] });
  });

  it('does not go on after the deadline, but takes an answer that is there', () => {
    const { state } = after(accepted({ requestDeadline: NOW + 10 }));
    expect(decide(state, asks(1, ['c0']), NOW + 10).state.ending?.error?.code).toBe('deadline_exceeded');
    expect(decide(state, says(1, 'just so'), NOW + 10).state.ending?.outcome).toBe(Outcome.ANSWERED);
  });

  it('tries a failed model call twice more under new attempt ids', () => {
    const busy = { code: 'provider_overloaded', isRetryable: true };
    const once = after(accepted(), fails(1, 0, busy));
    expect(once.effects).toEqual([{ kind: 'callModel', step: 1, tryNumber: 1, delayMs: 250, mayCallTools: true }]);
    expect(attemptIdOf('run', 1, 1)).not.toBe(attemptIdOf('run', 1, 0));
    const thrice = after(accepted(), fails(1, 0, busy), fails(1, 1, busy), fails(1, 2, busy));
    expect(thrice).toMatchObject({ state: { phase: 'over', ending: { outcome: Outcome.FAILED, error: { code: 'provider_overloaded' } } } });
    expect(after(accepted(), fails(1, 0, busy), says(1, 'hi', 1)).state.ending?.outcome).toBe(Outcome.ANSWERED);
  });

  it('waits as long as the provider asks, unless that is longer than the run has', () => {
    const limited = { code: 'rate_limited', isRetryable: true, retryAfterMs: 9_000n };
    expect(after(accepted(), fails(1, 0, limited)).effects).toMatchObject([{ kind: 'callModel', delayMs: 9_000 }]);
    expect(after(accepted({ requestDeadline: NOW + 5_000 }), fails(1, 0, limited)).state.ending?.error?.code).toBe('rate_limited');
  });

  it('leaves retries to a router that tells how it chose the model, but asks it again when it stopped', () => {
    const routing = { requested: 'auto', model: 'openai/gpt-4o' };
    const failed = (code: string) => storedEvent('modelFailed', { attemptId: attemptIdOf('run', 1, 0), step: 1, error: { code, isRetryable: true }, routing });
    expect(after(accepted(), failed('rate_limited')).state).toMatchObject({ phase: 'over', tryNumber: 0, ending: { error: { code: 'rate_limited' } } });
    for (const code of ['interrupted', 'attempt_unknown', 'usage_unavailable']) expect(after(accepted(), failed(code)).state).toMatchObject({ phase: 'model', tryNumber: 1 });
  });

  it('fails at once on an error that a retry cannot cure', () => {
    expect(after(accepted(), fails(1, 0, { code: 'connection' })).state).toMatchObject({ phase: 'over', ending: { outcome: Outcome.FAILED, error: { code: 'connection' } }, usage: { modelCalls: 0, isPartial: false } });
  });

  it.each(['budget_exceeded', 'provider_disabled', 'model_not_found'])('is refused when %s keeps its first model from being called, and fails when it comes later', (code) => {
    expect(after(accepted(), fails(1, 0, { code })).state).toMatchObject({ phase: 'over', ending: { outcome: Outcome.REFUSED, error: { code } }, usage: { modelCalls: 0, isPartial: false } });
    expect(after(accepted(), asks(1, ['c0']), result(1, 0), fails(2, 0, { code })).state.ending).toMatchObject({ outcome: Outcome.FAILED, error: { code } });
  });

  it('tries once more when nobody knows whether the provider was called, and says that the usage is partial', () => {
    const unknown = { code: 'attempt_unknown' };
    const again = after(accepted(), fails(1, 0, unknown));
    expect(again).toMatchObject({ state: { usage: { modelCalls: 1, isPartial: true } }, effects: [{ kind: 'callModel', tryNumber: 1 }] });
    expect(decide(again.state, fails(1, 1, unknown), NOW).state.ending?.error?.code).toBe('attempt_unknown');
  });

  it('does not risk a second charge when its agent says so', () => {
    const ended = after(accepted({ failsOnUnknown: true }), fails(1, 0, { code: 'attempt_unknown' }));
    expect(ended).toMatchObject({ state: { ending: { outcome: Outcome.FAILED, error: { code: 'attempt_unknown' } } }, effects: [{ kind: 'reply' }] });
    expect(after(accepted({ failsOnUnknown: true }), fails(1, 0, { code: 'overloaded', isRetryable: true })).state.tryNumber).toBe(1);
  });

  it('counts the calls that are made anew although their text may have been seen, and no others', () => {
    const { state } = after(accepted(), fails(1, 0, { code: 'rate_limited', isRetryable: true }));
    expect(state).toMatchObject({ tryNumber: 1, restarts: 0 });
    expect(after(accepted(), fails(1, 0, { code: 'attempt_unknown' }), says(1, 'hi', 1)).state.restarts).toBe(1);
    const interrupted = { code: 'interrupted', isRetryable: true };
    expect(after(accepted(), fails(1, 0, interrupted, { spend: { costMicroUsd: 5n } })).state.restarts).toBe(1);
    expect(after(accepted(), fails(1, 0, interrupted, { parts: 1n }), fails(1, 1, interrupted, { spend: { costMicroUsd: 5n } })).state.restarts).toBe(2);
  });

  it('remembers until when a retry waits, so that whoever takes the run up waits out the rest', () => {
    const limited = { code: 'rate_limited', isRetryable: true, retryAfterMs: 9_000n };
    const { state } = after(accepted(), fails(1, 0, limited));
    expect(pendingEffects(state, NOW + 2_000)).toMatchObject([{ kind: 'callModel', tryNumber: 1, delayMs: 7_000 }]);
    expect(pendingEffects(state, NOW + 60_000)).toMatchObject([{ kind: 'callModel', tryNumber: 1, delayMs: 0 }]);
    expect(after(accepted(), fails(1, 0, limited), asks(1, ['c0'], [], 1), result(1, 0)).effects).toMatchObject([{ step: 2, delayMs: 0 }]);
  });

  it('fails on an empty answer instead of answering with silence', () => {
    expect(after(accepted(), says(1, ' \n')).state.ending?.error?.code).toBe('empty_answer');
  });

  it('ends a run that is cancelled, and stops its model call', () => {
    const cancelled = storedEvent('finished', { outcome: Outcome.CANCELLED });
    expect(after(accepted(), cancelled)).toMatchObject({ state: { phase: 'over', ending: { outcome: Outcome.CANCELLED } }, effects: [{ kind: 'stopModel' }, { kind: 'reply' }] });
    expect(after(accepted(), asks(1, ['c0']), cancelled).effects).toEqual([{ kind: 'reply' }]);
    expect(after(accepted(), cancelled).state.usage.isPartial).toBe(true); // what the stopped call used
    expect(after(accepted(), asks(1, ['c0']), cancelled).state.usage.isPartial).toBe(false);
    const expired = storedEvent('finished', { outcome: Outcome.FAILED, error: create(ErrorSchema, { code: 'deadline_exceeded' }) });
    expect(after(accepted(), expired).state.ending?.error?.code).toBe('deadline_exceeded');
  });

  it('numbers live parts without gaps, and sends none to those who did not ask', () => {
    const events = [accepted({ progress: Progress.STEPS }), asks(1, ['c0']), result(1, 0), says(2, 'hi')];
    let state: RunState = newRun(identity);
    const parts = events.flatMap((event) => {
      const decision = decide(state, event, NOW);
      state = decision.state;
      return decision.effects.flatMap((effect) => (effect.kind === 'progress' ? [effect] : []));
    });
    expect(parts.map(({ part }) => part.case)).toEqual(['accepted', 'stepFinished', 'toolStarted', 'toolFinished', 'stepFinished']);
    expect(parts.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(after(accepted(), asks(1, ['c0']), result(1, 0)).state.parts).toBe(0);
  });
});
