import type { AskedCall } from '../asked-call.js';
import { planCall, type CallPlan } from '../plan-call.js';
import { dropOldestTurns, type Shortened } from './drop-oldest-turns.js';

const MILLION = 1_000_000;
/** Each round comes nearer: bytes are not tokens. */
const MOST_ROUNDS = 4;

/** The request without as many of its oldest turns as it takes until its worst case costs no more than this. Undefined when even the last turn alone costs more. */
export function shortenedToAfford(asked: AskedCall, plan: CallPlan, affordableMicroUsd: number): Shortened | undefined {
  let shortened: Shortened = { asked, droppedTurns: 0 };
  let left = plan;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const tooMany = left.maxInputTokens - affordableInput(left, affordableMicroUsd);
    if (tooMany <= 0) return shortened.droppedTurns > 0 ? shortened : undefined;
    const next = dropOldestTurns(shortened.asked, tooMany);
    if (next === undefined) return undefined;
    shortened = { asked: next.asked, droppedTurns: shortened.droppedTurns + next.droppedTurns };
    left = planCall(shortened.asked, plan.model);
  }
  return undefined;
}

/** Tokens of input that are affordable beside the least output that helps. */
function affordableInput({ price, minOutputTokens }: CallPlan, affordableMicroUsd: number): number {
  const dearest = Math.max(price.input, price.cacheRead, price.cacheWrite, price.cacheWrite1h ?? 0, price.audioInput ?? 0);
  const output = (minOutputTokens * Math.max(price.output, price.reasoning ?? 0, price.audioOutput ?? 0)) / MILLION;
  return dearest === 0 ? Number.POSITIVE_INFINITY : Math.floor(((affordableMicroUsd - Math.ceil(output) - 1) * MILLION) / dearest);
}
