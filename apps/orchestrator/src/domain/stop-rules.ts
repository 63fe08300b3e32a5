import { create } from '@bufbuild/protobuf';
import { ErrorSchema, type Error } from '@nexus/contracts';
import type { RunState } from './run-state.js';

/** Says why a run must not go on, or nothing. Asked before each model call and before tools are called. */
export type StopRule = (state: RunState, now: number) => Error | undefined;

/** Answers with calls that cannot be made, of which a run may have this many; the model is told what is wrong each time. */
export const MAX_REPAIRS = 2;

export const deadlinePassed: StopRule = (state, now) =>
  state.deadlineAt > 0 && now >= state.deadlineAt ? deadlineError() : undefined;

export const stepsUsedUp: StopRule = (state) =>
  state.step >= state.maxSteps
    ? create(ErrorSchema, { code: 'step_limit_reached', message: `No answer after ${state.maxSteps} model calls. Ask for less at once, or raise max_steps of the agent.`, status: 422 })
    : undefined;

export const repairsUsedUp: StopRule = (state) =>
  state.repairs > MAX_REPAIRS
    ? create(ErrorSchema, { code: 'invalid_tool_calls', message: `The model asked for tools in a way that cannot be carried out, ${state.repairs} times. Try again or choose another model.`, status: 502, isRetryable: true })
    : undefined;

/** The first of the rules that says stop. */
export const firstOf = (...rules: readonly StopRule[]): StopRule => (state, now) => {
  for (const rule of rules) {
    const reason = rule(state, now);
    if (reason !== undefined) return reason;
  }
  return undefined;
};

/** What a run says whose time is over. */
export function deadlineError(): Error {
  return create(ErrorSchema, { code: 'deadline_exceeded', message: 'The run did not finish within its time. Ask for less at once, or raise the deadline.', status: 504, isRetryable: true });
}
