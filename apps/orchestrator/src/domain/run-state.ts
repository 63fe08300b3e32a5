import type { Error, FinishReason, Outcome } from '@nexus/contracts';
import { noUsage, type UsageSum } from './usage-sum.js';

/**
 * What a run waits for. `new`: its acceptance. `queued`: the runs before it in its thread. `model`: the answer of a model call.
 * `tools`: results of the calls that the model asked for. `over`: nothing any more.
 */
export const phases = ['new', 'queued', 'model', 'tools', 'over'] as const;
export type Phase = (typeof phases)[number];

/** What is fixed when a run is stored. */
export interface RunIdentity {
  readonly runId: string;
  readonly threadId: string;
  /** Runs that its thread had to finish first when it was accepted. */
  readonly queuedBehind: number;
}

/** How a run ended. */
export interface Ending {
  /** REFUSED when no model was called: nothing was done and nothing was spent. */
  readonly outcome: Outcome.ANSWERED | Outcome.FAILED | Outcome.CANCELLED | Outcome.REFUSED;
  readonly error?: Error | undefined;
  readonly finishReason: FinishReason;
  /** Unix milliseconds. */
  readonly at: number;
}

/** All that the next decision about a run needs; what was said stays in its events. Times are Unix milliseconds. */
export interface RunState extends RunIdentity {
  readonly phase: Phase;
  readonly acceptedAt: number;
  /** 0 before it begins. */
  readonly startedAt: number;
  /** When it ends by itself; 0 is never. While it is queued only the request's own deadline counts. */
  readonly deadlineAt: number;
  readonly maxSteps: number;
  /** From the start of the run. */
  readonly limitMs: number;
  /** It ends when nobody knows what became of a model call, instead of making another one. */
  readonly failsOnUnknown: boolean;
  readonly wantsProgress: boolean;
  /** Live parts that were sent. */
  readonly parts: number;
  /** The model call under way or the last one, from 1; 0 before the first. */
  readonly step: number;
  /** Tries at this step's model call before the current one. */
  readonly tryNumber: number;
  /** When the model call under way may be made, after a wait that follows on a failure; 0 is at once. */
  readonly retryAt: number;
  /** Model calls that were made anew although the text of the one before may have been sent as live parts. */
  readonly restarts: number;
  /** Answers of the model with calls that could not be made. */
  readonly repairs: number;
  /** Places, among this step's calls, of those without a result. */
  readonly pending: readonly number[];
  readonly usage: UsageSum;
  readonly ending?: Ending | undefined;
}

/** A run before its first event. */
export function newRun(identity: RunIdentity): RunState {
  return {
    ...identity,
    phase: 'new', acceptedAt: 0, startedAt: 0, deadlineAt: 0, maxSteps: 0, limitMs: 0, failsOnUnknown: false, wantsProgress: false, parts: 0,
    step: 0, tryNumber: 0, retryAt: 0, restarts: 0, repairs: 0, pending: [], usage: noUsage,
  };
}

/** A number that changes with what matters of a state, so that a replay can be held against what was recorded. Never changes its meaning. */
export function fingerprint(state: RunState): number {
  const { phase, step, tryNumber, repairs, pending, usage, ending } = state;
  const text = [phase, step, tryNumber, repairs, pending.join(' '), usage.costMicroUsd, ending?.outcome ?? '', ending?.error?.code ?? ''].join('|');
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash | 0;
}
