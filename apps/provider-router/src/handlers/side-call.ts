import { OpenedAttempt_State as State } from '@nexus/contracts';
import type { OutgoingMessage } from '@nexus/channels';
import type { Clock } from '@nexus/core';
import type { ProviderOutcome } from '../providers/provider-outcome.js';
import { recordOf, type Attempt } from './answer.js';
import type { ModelCaller } from './model-caller.js';

/** What makes the calls beside the one that answers a request. */
export interface SideCalls {
  readonly caller: ModelCaller;
  readonly publish: (record: OutgoingMessage<'usage.recorded'>) => void;
  readonly clock: Clock;
  /** Nobody waits for the request any more. */
  readonly stop: AbortSignal;
}

/**
 * Makes one small call on the way to an answer: an attempt of its own, which is booked like any other, within so many milliseconds.
 * Undefined when it was not made, or not answered: the request goes on without it.
 */
export async function sideCall(attempt: Attempt, { caller, publish, clock, stop }: SideCalls, tokens: number, withinMs: number): Promise<Extract<ProviderOutcome, { kind: 'completed' }> | undefined> {
  const leave = await caller.leaveFor(attempt.plan, () => tokens);
  if ('why' in leave) return undefined;
  const opened = await caller.open(attempt).catch(() => undefined);
  if (opened?.state !== State.OPENED) {
    caller.giveBack(attempt, leave);
    return undefined;
  }
  const limit = new AbortController();
  const onStop = (): void => limit.abort();
  if (stop.aborted) limit.abort();
  stop.addEventListener('abort', onStop, { once: true });
  const timer = setTimeout(onStop, withinMs);
  const made = await caller.make(attempt, Number(opened.grantedOutputTokens), limit, leave).finally(() => {
    clearTimeout(timer);
    stop.removeEventListener('abort', onStop);
  });
  const record = recordOf(made, clock.now());
  if (record) publish(record);
  return made.outcome.kind === 'completed' ? made.outcome : undefined;
}
