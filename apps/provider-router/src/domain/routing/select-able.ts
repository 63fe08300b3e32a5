import { AppError } from '@nexus/core';
import type { ResolvedModel } from '../model-catalog.js';
import type { Choice, Skipped } from './choose-models.js';
import { lackOf, type Demand } from './lacks.js';

/** The models that can serve a request, in order. */
export interface Selection {
  readonly choice: Choice;
  readonly models: readonly ResolvedModel[];
  /** Those before the first of them, and those that were named, with why not. */
  readonly skipped: readonly Skipped[];
}

/**
 * Leaves out what is known not to be able to serve the request. Throws the choice's own refusal, or AppError `no_model_can_serve` (400)
 * that names what was missing.
 */
export function selectAble(choice: Choice, demand: Demand): Selection {
  if (choice.models.length > 0 && choice.models.every((model) => lackOf(model, demand) === undefined)) return { choice, models: choice.models, skipped: choice.skipped };
  const skipped: Skipped[] = [...choice.skipped];
  for (const option of [choice, ...choice.instead()]) {
    const lacking = option.models.map((model) => ({ model, lack: lackOf(model, demand) }));
    const models = lacking.flatMap(({ model, lack }) => (lack === undefined ? [model] : []));
    for (const { model, lack } of lacking) if (lack !== undefined) skipped.push({ model: model.id, code: 'not_able', reason: lack });
    if (models.length > 0) return { choice: option === choice ? choice : { ...option, reason: `${choice.reason} has no model that can do it: ${option.reason}` }, models, skipped };
  }
  if (choice.refusal) throw choice.refusal;
  const unable = skipped.filter(({ code }) => code === 'not_able');
  const [first] = unable;
  throw new AppError('no_model_can_serve', unable.length === 1 && first ? `"${first.model}" cannot serve this request: ${first.reason}.` : `No model can serve this request: ${listed(unable)}.`, { status: 400, param: 'model' });
}

const MOST_SHOWN = 4;

function listed(skipped: readonly Skipped[]): string {
  const shown = skipped.slice(0, MOST_SHOWN).map(({ model, reason }) => `${model}: ${reason}`).join('; ');
  return skipped.length > MOST_SHOWN ? `${shown}; and ${skipped.length - MOST_SHOWN} more` : shown;
}
