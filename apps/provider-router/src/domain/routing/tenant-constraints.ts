import type { ResolvedModel } from '../model-catalog.js';
import { isPattern, matchesPattern } from '../model-pattern.js';
import type { ProviderTarget } from '../provider-target.js';
import { priceFromUsdPerMillion } from '../usd-price.js';
import { tierOf, type Tier } from './tier.js';

/** What a tenant lets its requests be sent to. */
export interface TenantConstraints {
  readonly isLocalOnly: boolean;
  /** Patterns of `provider/model`, or of the model alone; empty: all. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Micro-USD per million output tokens; undefined: any. */
  readonly maxOutputPrice: number | undefined;
  readonly disabledProviders: readonly string[];
  /** Undefined: that of routing.yaml. */
  readonly defaultTier: Tier | undefined;
}

/** What a model is not allowed by. */
export interface Violation {
  /** The key of the tenant's configuration, or `disabled providers`. */
  readonly constraint: string;
  readonly message: string;
}

/**
 * Reads a tenant's configuration, whose values are JSON or plain text. A value that cannot be understood closes what it should limit: a
 * typing error must not open what somebody wanted shut.
 */
export function constraintsOf({ config, disabledProviders }: { readonly config: Readonly<Record<string, string>>; readonly disabledProviders: readonly string[] }): TenantConstraints {
  return {
    isLocalOnly: isOn(config['routing.local_only']),
    allow: listOf(config['routing.allow']),
    deny: listOf(config['routing.deny']),
    maxOutputPrice: priceOf(config['routing.max_price']),
    disabledProviders,
    defaultTier: tierOf(plain(config['routing.default_tier'] ?? '')),
  };
}

/** What forbids a model to a tenant; undefined when nothing does. */
export function violationOf(model: Pick<ResolvedModel, 'id' | 'target' | 'price' | 'upstreamModel'>, constraints: TenantConstraints): Violation | undefined {
  const { isLocalOnly, allow, deny, maxOutputPrice, disabledProviders } = constraints;
  const { name } = model.target;
  if (disabledProviders.includes(name)) return { constraint: 'disabled providers', message: `The provider "${name}" is switched off for this tenant.` };
  if (isLocalOnly && (!isLocal(model.target) || isOfCloud(model))) return { constraint: 'routing.local_only', message: `This tenant's requests stay on its own machines (routing.local_only), and "${model.id}" is not there.` };
  if (deny.some((pattern) => isDenied(pattern, model))) return { constraint: 'routing.deny', message: `"${model.id}" is on this tenant's list of models that must not be used (routing.deny).` };
  if (allow.length > 0 && !allow.some((pattern) => isMatch(pattern, model.id))) {
    return { constraint: 'routing.allow', message: `"${model.id}" is not on this tenant's list of models that may be used (routing.allow).` };
  }
  if (maxOutputPrice !== undefined && model.price.output > maxOutputPrice) {
    return { constraint: 'routing.max_price', message: `"${model.id}" costs more than this tenant pays for a million tokens of output (routing.max_price).` };
  }
  return undefined;
}

/** A pattern without a slash is of the model's own name, whoever provides it. */
function isMatch(pattern: string, id: string): boolean {
  return fits(pattern, id) || (!pattern.includes('/') && fits(pattern, id.slice(id.indexOf('/') + 1)));
}

/** What is denied stays so under another name, and where it is provided by somebody who names its maker too: `openrouter/openai/gpt-4o`. */
function isDenied(pattern: string, { id, target, upstreamModel }: Pick<ResolvedModel, 'id' | 'target' | 'upstreamModel'>): boolean {
  return [id, `${target.name}/${upstreamModel}`].some((name) => isMatch(pattern, name) || (!pattern.includes('/') && fits(pattern, name.slice(name.lastIndexOf('/') + 1))));
}

function fits(pattern: string, name: string): boolean {
  return isPattern(pattern) ? matchesPattern(pattern, name) : pattern === name;
}

const PRIVATE_HOST = /^(?:localhost|127\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+|169\.254\.\d+\.\d+|\[(?:::1|f[cd][0-9a-f:]*|fe80:[0-9a-f:]*)\]|[^.[\]]+|.+\.(?:local|internal|localhost))$/i;

/** True when the provider's address is of this machine or of a private network: a name without a dot is one of a private network too. */
export function isLocal({ baseUrl }: Pick<ProviderTarget, 'baseUrl'>): boolean {
  const host = URL.parse(baseUrl)?.hostname;
  return host !== undefined && PRIVATE_HOST.test(host);
}

/** Ollama on this machine passes what is asked of these on to its makers. */
const CLOUD_NAME = /[:-]cloud$/i;

function isOfCloud({ id, upstreamModel }: Pick<ResolvedModel, 'id' | 'upstreamModel'>): boolean {
  return CLOUD_NAME.test(id) || CLOUD_NAME.test(upstreamModel);
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !['', 'false', '0', 'no', 'off', 'null'].includes(plain(value).toLowerCase());
}

/** A JSON list, or names with commas between them. */
function listOf(value: string | undefined): readonly string[] {
  if (value === undefined || value.trim() === '' || value.trim() === 'null') return [];
  const json = parsed(value);
  if (Array.isArray(json)) return json.map(String);
  return plain(value).split(',').map((name) => name.trim()).filter((name) => name !== '');
}

function priceOf(value: string | undefined): number | undefined {
  if (value === undefined || value.trim() === '' || value.trim() === 'null') return undefined;
  const usd = Number(plain(value));
  return Number.isFinite(usd) && usd >= 0 && usd <= 1_000_000 ? priceFromUsdPerMillion(usd) : 0;
}

/** The text of a JSON string, or the value as it is. */
function plain(value: string): string {
  const json = parsed(value);
  return (typeof json === 'string' ? json : value).trim();
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
