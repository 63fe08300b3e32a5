import { AppError } from '@nexus/core';
import { isObject, type Body } from './asked-call.js';
import type { Endpoint } from './endpoint.js';

/** Ways to be served that cost the listed price, or less. */
const NOT_DEARER: ReadonlySet<unknown> = new Set([undefined, null, 'auto', 'default', 'flex', 'on_demand', 'standard', 'standard_only']);
/** Fields by which some providers do what nobody has set aside for: other models, searches, prompts that they keep. */
const OF_UNKNOWN_COST: readonly string[] = ['models', 'plugins', 'preset', 'search_parameters'];

/**
 * The fields that have to go for a call to cost what its model is listed with: service that is dearer, for the sake of speed alone, is
 * not asked for. Throws AppError `unsupported_value` (400) for what changes the answer too and has no price here.
 */
export function standardService(endpoint: Endpoint, body: Body): Body {
  if (endpoint === 'embeddings' || endpoint === 'local' || endpoint === 'gemini') return NOTHING;
  for (const field of OF_UNKNOWN_COST) if (isGiven(body[field])) throw unpriced(`"${field}"`, field);
  const geo = body['inference_geo'];
  if (endpoint === 'messages' && isGiven(geo) && geo !== 'global') throw unpriced('to be served in one region', 'inference_geo');
  if (endpoint === 'messages' && compacts(body['context_management'])) throw unpriced('a provider that sums the conversation up by itself', 'context_management');
  const dearer = {
    ...(!NOT_DEARER.has(body['service_tier']) && { service_tier: undefined }),
    ...(endpoint === 'messages' && isGiven(body['speed']) && body['speed'] !== 'standard' && { speed: undefined }),
    // what of a prediction is not in the answer is charged as output, beside the limit of some providers and against that of others
    ...(endpoint === 'chat' && isGiven(body['prediction']) && { prediction: undefined }),
  };
  return Object.keys(dearer).length === 0 ? NOTHING : dearer;
}

const NOTHING: Body = {};

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

/** Anthropic charges for it beside what it tells as the usage of the answer. */
function compacts(management: unknown): boolean {
  const edits = isObject(management) ? management['edits'] : undefined;
  return Array.isArray(edits) && (edits as unknown[]).some((edit) => isObject(edit) && typeof edit['type'] === 'string' && edit['type'].startsWith('compact'));
}

function unpriced(what: string, param: string): AppError {
  return new AppError('unsupported_value', `What ${what} costs is not known, so it could not be kept inside a budget, and is not supported.`, { status: 400, param });
}
