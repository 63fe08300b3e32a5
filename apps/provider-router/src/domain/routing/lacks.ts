import type { ResolvedModel } from '../model-catalog.js';
import type { ModelAbilities, ModelMode } from '../provider-config.js';
import type { RequestTraits } from './request-traits.js';

/** What a request asks of a model, reckoned only when a model might fail it. */
export interface Demand {
  readonly mode: ModelMode;
  readonly traits: () => RequestTraits;
  /** Of the whole request: no model sees more characters than these. */
  readonly bytes: number;
}

/** On average over languages and code; a guess that errs on the side of letting through. */
const CHARACTERS_PER_TOKEN = 4;
/** What a picture takes of a context at least. */
const TOKENS_PER_IMAGE = 85;

/** Why a model is known not to be able to serve a request, such as `it takes no tools`; undefined when it may. What is not known of it counts as able. */
export function lackOf(model: Pick<ResolvedModel, 'mode' | 'abilities' | 'contextWindow' | 'maxOutputTokens'>, demand: Demand): string | undefined {
  if ((model.mode === 'embedding') !== (demand.mode === 'embedding')) return model.mode === 'embedding' ? 'it makes embeddings only' : 'it makes no embeddings';
  if (isAbleToAll(model.abilities) && !mayOverflow(model.contextWindow, demand)) return undefined;
  const traits = demand.traits();
  return missing(model.abilities, traits) ?? overflow(model, traits);
}

function isAbleToAll({ tools, vision, jsonSchema, files, audio }: ModelAbilities): boolean {
  return tools !== false && vision !== false && jsonSchema !== false && files !== false && audio !== false;
}

function missing(abilities: ModelAbilities, traits: RequestTraits): string | undefined {
  if (traits.hasTools && abilities.tools === false) return 'it takes no tools';
  if (traits.hasImages && abilities.vision === false) return 'it takes no images';
  if (traits.hasSchema && abilities.jsonSchema === false) return 'it cannot answer by a JSON schema';
  if (traits.hasFiles && abilities.files === false) return 'it takes no files';
  if (traits.hasAudio && abilities.audio === false) return 'it takes no audio';
  return undefined;
}

/** Cheap, and true for everything that overflow() refuses, but for an output that was asked for. */
function mayOverflow(window: number | undefined, { bytes }: Demand): boolean {
  return window !== undefined && bytes > window;
}

function overflow({ contextWindow, maxOutputTokens }: Pick<ResolvedModel, 'contextWindow' | 'maxOutputTokens'>, traits: RequestTraits): string | undefined {
  if (contextWindow === undefined) return undefined;
  const input = estimatedInputTokens(traits);
  const output = Math.min(traits.maxOutputTokens ?? 0, maxOutputTokens ?? Number.POSITIVE_INFINITY);
  return input + output > contextWindow ? `its context of ${contextWindow} tokens is too small for about ${input} of input${output > 0 ? ` and ${output} of output` : ''}` : undefined;
}

/** About how many tokens a request is: for choosing, never for money. */
export function estimatedInputTokens({ characters, images }: Pick<RequestTraits, 'characters' | 'images'>): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN) + images * TOKENS_PER_IMAGE;
}
