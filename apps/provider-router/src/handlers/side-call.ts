import { OpenedAttempt_State as State } from '@nexus/contracts';
import type { OutgoingMessage } from '@nexus/channels';
import type { Clock } from '@nexus/core';
import type { ProviderOutcome } from '../providers/provider-outcome.js';
import { costOfCall, recordOf, type Attempt } from './answer.js';
import type { CallUnderWay, CallsUnderWay } from './calls-under-way.js';
import type { ModelCaller } from './model-caller.js';

/** What makes the calls beside the one that answers a request. */
export interface SideCalls {
  readonly caller: ModelCaller;
  readonly publish: (record: OutgoingMessage<'usage.recorded'>) => void;
  readonly clock: Clock;
  /** Where the ledger's questions are answered from: a call that is under way is not lost. */
  readonly underWay: Pick<CallsUnderWay, 'goOn' | 'end'>;
  /** The request's; its `stop` says that nobody waits for it any more. */
  readonly call: CallUnderWay;
}

/**
 * Makes one small call on the way to an answer: an attempt of its own, which is booked like any other and told with the answer's cost, within so many milliseconds.
 * Undefined when it was not made, or not answered: the request goes on without it.
 */
export async function sideCall(attempt: Attempt, { caller, publish, clock, underWay, call }: SideCalls, tokens: number, withinMs: number): Promise<Extract<ProviderOutcome, { kind: 'completed' }> | undefined> {
  const leave = await caller.leaveFor(attempt.plan, () => tokens);
  if ('why' in leave) return undefined;
  const opened = await caller.open(attempt).catch(() => undefined);
  if (opened?.state !== State.OPENED) {
    caller.giveBack(attempt, leave);
    return undefined;
  }
  const limit = new AbortController();
  const onStop = (): void => limit.abort();
  const { signal: stop } = call.stop;
  if (stop.aborted) limit.abort();
  stop.addEventListener('abort', onStop, { once: true });
  const timer = setTimeout(onStop, withinMs);
  underWay.goOn(attempt.id, call);
  const made = await caller.make(attempt, Number(opened.grantedOutputTokens), limit, leave).finally(() => {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
    underWay.end(attempt.id);
  });
  call.besideMicroUsd += costOfCall(made);
  const record = recordOf(made, clock.now());
  if (record) publish(record);
  return made.outcome.kind === 'completed' ? made.outcome : undefined;
}
