import { isBaseUrl, type BreakerSettings, type ProviderConfig, type ProviderKind, type ProviderLimits, type ProviderTimeouts } from './provider-config.js';

/** The environment as a record; services pass theirs in, tests make one up. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Everything a client needs to call a provider. Holds the key: never log or publish it as a whole. */
export interface ProviderTarget {
  readonly name: string;
  readonly kind: ProviderKind;
  /** Without a slash at its end. */
  readonly baseUrl: string;
  readonly apiKey: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The field of the request body that caps the output. */
  readonly outputLimitParameter: 'max_tokens' | 'max_completion_tokens';
  /** True when the provider accepts `stream_options.include_usage`; the others send usage unasked, or never. */
  readonly streamUsage: boolean;
  /** True when a provider of the kind `openai` has the responses API too. */
  readonly hasResponses: boolean;
  readonly limits: ProviderLimits;
  readonly breaker: BreakerSettings;
  readonly maxConnections: number;
  readonly timeouts: ProviderTimeouts;
  /** Where it can be asked about an attempt, with `{attempt_id}` in it; undefined when it cannot. */
  readonly lookup: string | undefined;
}

/** A provider with what the environment says about it: a target to call, or what is missing. */
export type ProviderState =
  | { readonly config: ProviderConfig; readonly target: ProviderTarget; readonly missing?: undefined }
  | { readonly config: ProviderConfig; readonly target?: undefined; readonly missing: string };

/** Joins a provider's configuration with the environment. `missing` says in one sentence what to set, and holds no value of it. */
export function resolveProvider(config: ProviderConfig, env: Environment): ProviderState {
  const apiKey = config.keyEnv.map((name) => valueOf(env, name)).find((value) => value !== undefined);
  if (config.offeredWhen === 'key' && apiKey === undefined) return { config, missing: `set ${config.keyEnv.join(' or ')}` };
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    return { config, missing: `correct ${config.keyEnv.join(' or ')}: a key has no spaces and only printable ASCII` };
  }
  const override = config.baseUrlEnv === undefined ? undefined : valueOf(env, config.baseUrlEnv);
  const baseUrl = override === undefined ? config.baseUrl : withPath(override, config.baseUrlPath);
  if (baseUrl === undefined) return { config, missing: `set ${config.baseUrlEnv}` };
  if (!isBaseUrl(baseUrl)) return { config, missing: `correct ${config.baseUrlEnv}: it must be an http or https URL without user, query and fragment` };
  const bareUrl = baseUrl.replace(/\/+$/, '');
  return {
    config,
    target: {
      name: config.name,
      kind: config.kind,
      baseUrl: bareUrl,
      apiKey,
      headers: config.headers,
      outputLimitParameter: config.outputLimitParameter,
      streamUsage: config.streamUsage,
      hasResponses: config.hasResponses,
      limits: config.limits,
      breaker: config.breaker,
      maxConnections: config.maxConnections,
      timeouts: config.timeouts,
      lookup: config.lookup?.replace('{base_url}', bareUrl),
    },
  };
}

function valueOf(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

function withPath(url: string, path: string | undefined): string {
  const bare = url.replace(/\/+$/, '');
  return path === undefined || bare.endsWith(path) ? bare : bare + path;
}
