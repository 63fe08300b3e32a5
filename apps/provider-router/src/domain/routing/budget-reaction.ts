import { WhenReached, type OpenedAttempt } from '@nexus/contracts';
import type { AskedCall } from '../asked-call.js';
import type { ResolvedModel } from '../model-catalog.js';
import type { CallPlan } from '../plan-call.js';
import { cheaperModels, type Choice, type ChoiceSources } from './choose-models.js';
import { lackOf, type Demand } from './lacks.js';
import { shortenedToAfford } from './shortened-to-afford.js';

/** What may be tried instead of a call that a budget refused, and why in words. */
export type BudgetReaction =
  | { readonly kind: 'cheaper'; readonly models: readonly ResolvedModel[]; readonly reason: string }
  | { readonly kind: 'shorter'; readonly asked: AskedCall; readonly reason: string };

/** The call that a budget refused. */
export interface RefusedCall {
  readonly plan: CallPlan;
  readonly asked: AskedCall;
  readonly choice: Choice;
  readonly sources: ChoiceSources;
  readonly demand: Demand;
  /** Models that were tried already. */
  readonly tried: ReadonlySet<string>;
}

/** What the budget wants instead: models that cost less, or less of the history. Undefined when it wants nothing, or nothing is left of that. */
export function budgetReaction({ whenReached, affordableMicroUsd }: Pick<OpenedAttempt, 'whenReached' | 'affordableMicroUsd'>, call: RefusedCall): BudgetReaction | undefined {
  const { plan, asked, choice, sources, demand, tried } = call;
  if (whenReached === WhenReached.CHEAPER_TIER) {
    const models = cheaperModels(plan.model, choice.tier, sources).filter((model) => !tried.has(model.id) && lackOf(model, demand) === undefined);
    return models.length === 0 ? undefined : { kind: 'cheaper', models, reason: `${choice.reason}, but the budget wants a cheaper tier` };
  }
  if (whenReached !== WhenReached.SMALLER_CONTEXT) return undefined;
  const shortened = shortenedToAfford(asked, plan, Number(affordableMicroUsd));
  return shortened && { kind: 'shorter', asked: shortened.asked, reason: `${choice.reason}; the budget wants a smaller context: the ${shortened.droppedTurns} oldest turns are left out` };
}
