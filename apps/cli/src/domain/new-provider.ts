import { AppError } from '@nexus/core';
import { presetNames, providerPresets } from './provider-presets.js';

/** What somebody wants a provider to be. */
export interface ProviderWish {
  readonly name: string;
  readonly preset?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly keyVariable?: string | undefined;
  readonly models: readonly string[];
  /** `input/output` in USD per million tokens, or `free`. */
  readonly price?: string | undefined;
}

type Price = 'free' | { readonly input: number; readonly output: number };

/** A provider as config/providers.yaml has it. */
export interface ProviderEntry {
  readonly name: string;
  readonly kind?: 'anthropic' | 'gemini';
  readonly base_url: string;
  readonly api_key_env?: string;
  readonly offered_when?: 'reachable';
  readonly price_list?: string;
  readonly models: readonly { readonly id: string; readonly price?: Price }[];
}

const NAME = /^[a-z][a-z0-9-]*$/;
const VARIABLE = /^[A-Z][A-Z0-9_]*$/;

/** The entry for a wish. Throws AppError `invalid_provider` that names the option which is missing or wrong; what it should be is left to providers.yaml's own check. */
export function newProvider(wish: ProviderWish): ProviderEntry {
  if (!NAME.test(wish.name)) throw invalid('name', 'A provider is named with lower-case letters, digits and dashes.');
  const presetName = wish.preset ?? (wish.name in providerPresets ? wish.name : undefined);
  const preset = presetName === undefined ? undefined : providerPresets[presetName];
  if (presetName !== undefined && preset === undefined) throw invalid('--preset', `There is no preset "${presetName}"; there are: ${presetNames.join(', ')}.`);
  const baseUrl = wish.baseUrl ?? preset?.baseUrl;
  if (baseUrl === undefined) throw invalid('--base-url', `Say where it is with --base-url, or name a preset with --preset (${presetNames.join(', ')}).`);
  if (!isBaseUrl(baseUrl)) throw invalid('--base-url', 'The base URL must be an http or https URL without user, query and fragment; a key never stands in it.');
  const keyVariable = wish.keyVariable ?? preset?.keyVariable;
  if (keyVariable !== undefined && !VARIABLE.test(keyVariable)) throw invalid('--key-env', 'The key variable must be the name of an environment variable, such as ACME_API_KEY; the key itself is given with --key-stdin.');
  const price = priceOf(wish.price, preset?.price);
  const isListed = price === undefined && presetName !== undefined && presetName !== wish.name;
  return {
    name: wish.name,
    ...(preset?.kind !== undefined && { kind: preset.kind }),
    base_url: baseUrl,
    ...(keyVariable !== undefined && { api_key_env: keyVariable }),
    ...(keyVariable === undefined && preset?.price === 'free' && { offered_when: 'reachable' }),
    ...(isListed && { price_list: presetName }),
    models: (wish.models.length === 0 ? ['*'] : wish.models).map((id) => ({ id, ...(price !== undefined && { price }) })),
  };
}

/** Undefined: what prices.json says. */
function priceOf(given: string | undefined, known: 'listed' | 'unknown' | 'free' | undefined): Price | undefined {
  if (given === 'free' || (given === undefined && known === 'free')) return 'free';
  if (given === undefined && known === 'listed') return undefined;
  const match = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(given ?? '');
  if (match === null) {
    throw invalid('--price', 'Say what it costs with --price <input>/<output> in USD per million tokens (0.25/1.5), or --price free: what has no price cannot be held inside a budget.');
  }
  return { input: Number(match[1]), output: Number(match[2]) };
}

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

function invalid(param: string, message: string): AppError {
  return new AppError('invalid_provider', message, { status: 400, param });
}
