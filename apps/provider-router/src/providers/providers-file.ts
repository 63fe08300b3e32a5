import type { TokenPrice } from '@nexus/core';
import { z } from 'zod';
import { isBaseUrl, type ProviderConfig } from '../domain/provider-config.js';
import { priceFromUsdPerMillion, priceFromUsdPerPiece } from '../domain/usd-price.js';

const ENV_NAME = /^[A-Z][A-Z0-9_]*$/;
const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'x-api-key', 'api-key', 'x-goog-api-key', 'cookie']);
/** Names that stand before a `/` in a model name and mean something else. */
const RESERVED_NAMES = new Set(['agent']);

const envName = z.string().regex(ENV_NAME, 'must be the name of an environment variable (like OPENAI_API_KEY); a key itself never stands in this file');
const tokens = z.int('must be a whole number of tokens').positive('must be more than 0');
const milliseconds = z.int('must be a whole number of milliseconds').min(1, 'must be at least 1').max(3_600_000, 'must be at most one hour');

const mostUsd = 'must be at most a million USD';
const usdPerMillion = z.number('must be a number of USD per million tokens').nonnegative('must not be negative').max(1_000_000, mostUsd).transform(priceFromUsdPerMillion);
const usdPerPiece = z.number('must be a number of USD').nonnegative('must not be negative').max(10_000, 'must be at most 10000 USD').transform(priceFromUsdPerPiece);

const priceSchema = z
  .strictObject({
    input: usdPerMillion, output: usdPerMillion, cache_read: usdPerMillion.optional(), cache_write: usdPerMillion.optional(), cache_write_1h: usdPerMillion.optional(),
    audio_input: usdPerMillion.optional(), audio_output: usdPerMillion.optional(), reasoning: usdPerMillion.optional(), image: usdPerPiece.optional(), request: usdPerPiece.optional(),
  })
  .transform((price): TokenPrice => ({
    input: price.input, output: price.output, cacheRead: price.cache_read ?? price.input, cacheWrite: price.cache_write ?? price.input, cacheWrite1h: price.cache_write_1h,
    audioInput: price.audio_input, audioOutput: price.audio_output, reasoning: price.reasoning, image: price.image, request: price.request,
  }));
const freeSchema = z.literal('free', 'must be `free`, or input and output in USD per million tokens').transform((): TokenPrice => ({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }));

const yesOrNo = z.boolean('must be true or false').optional();
const supportsSchema = z
  .strictObject({ tools: yesOrNo, vision: yesOrNo, json_schema: yesOrNo, reasoning: yesOrNo, audio: yesOrNo, files: yesOrNo })
  .prefault({})
  .transform(({ json_schema: jsonSchema, ...others }) => ({ ...others, jsonSchema }));

const modelSchema = z
  .strictObject({
    id: z.string().min(1, 'must not be empty'),
    upstream_name: z.string().min(1).optional(),
    price: z.union([freeSchema, priceSchema]).optional(),
    max_output_tokens: tokens.optional(),
    context_window: tokens.optional(),
    mode: z.enum(['chat', 'responses', 'embedding'], 'must be `chat`, `responses` or `embedding`').optional(),
    searches_per_call: z.int('must be a whole number').nonnegative('must not be negative').max(1_000, 'must be at most 1000').optional(),
    supports: supportsSchema,
  })
  .refine((model) => !(model.id.includes('*') && model.upstream_name), { path: ['upstream_name'], message: 'a pattern passes the name on as it is: give upstream_name to an exact id only' })
  .transform((model) => ({
    id: model.id,
    upstreamName: model.upstream_name,
    price: model.price,
    maxOutputTokens: model.max_output_tokens,
    contextWindow: model.context_window,
    mode: model.mode,
    searchesPerCall: model.searches_per_call,
    supports: model.supports,
  }));

const timeoutsSchema = z
  .strictObject({ connect_ms: milliseconds.default(10_000), first_byte_ms: milliseconds.default(300_000), idle_ms: milliseconds.default(60_000), total_ms: milliseconds.default(900_000) })
  .prefault({})
  .transform((it) => ({ connectMs: it.connect_ms, firstByteMs: it.first_byte_ms, idleMs: it.idle_ms, totalMs: it.total_ms }));

const perMinute = z.int('must be a whole number').positive('must be more than 0').max(1_000_000_000, 'must be at most a billion').optional();
const limitsSchema = z
  .strictObject({ requests_per_minute: perMinute, tokens_per_minute: perMinute })
  .prefault({})
  .transform((it) => ({ requestsPerMinute: it.requests_per_minute, tokensPerMinute: it.tokens_per_minute }));

const breakerSchema = z
  .strictObject({ failures: z.int('must be a whole number').min(1, 'must be at least 1').max(1_000, 'must be at most 1000').default(5), window_ms: milliseconds.default(60_000), open_ms: milliseconds.default(30_000) })
  .prefault({})
  .transform((it) => ({ failures: it.failures, windowMs: it.window_ms, openMs: it.open_ms }));

const headersSchema = z.record(
  z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no header name').refine((name) => !SECRET_HEADERS.has(name.toLowerCase()), 'may hold a secret: name its environment variable in api_key_env instead'),
  z.string().regex(/^[\t\x20-\x7e]*$/, 'must be printable ASCII'),
);

const providerSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and dashes')
      .refine((name) => !RESERVED_NAMES.has(name), 'is reserved for NEXUS itself'),
    kind: z.enum(['openai', 'responses', 'anthropic', 'gemini', 'local'], 'must be `openai`, `responses`, `anthropic`, `gemini` or `local`').default('openai'),
    base_url: z.string().refine(isBaseUrl, 'must be an http or https URL without user, query and fragment').optional(),
    base_url_env: envName.optional(),
    base_url_path: z.string().regex(/^\/[^?#]*[^/?#]$/, 'must start with a slash and not end with one').optional(),
    api_key_env: z.union([envName, z.array(envName).min(1, 'must name at least one variable')]).optional(),
    offered_when: z.enum(['key', 'always', 'reachable'], 'must be `key`, `always` or `reachable`').optional(),
    price_list: z.string().min(1).optional(),
    headers: headersSchema.default({}),
    default_max_output_tokens: tokens.optional(),
    output_limit_parameter: z.enum(['max_tokens', 'max_completion_tokens'], 'must be `max_tokens` or `max_completion_tokens`').default('max_tokens'),
    stream_usage: z.boolean().default(true),
    responses: z.boolean('must be true or false').default(false),
    limits: limitsSchema,
    breaker: breakerSchema,
    max_connections: z.int().min(1, 'must be at least 1').max(10_000, 'must be at most 10000').default(512),
    timeouts: timeoutsSchema,
    lookup: z.string().refine(isLookup, 'must be an http or https URL with {attempt_id} in it; it may begin with {base_url}').optional(),
    unknown: z.enum(['book_reserved', 'keep'], 'must be `book_reserved` or `keep`').default('book_reserved'),
    models: z.array(modelSchema).min(1, 'must name at least one model or pattern'),
  })
  .superRefine((provider, context) => {
    if (!provider.base_url && !provider.base_url_env) context.addIssue({ code: 'custom', path: ['base_url'], message: 'base_url or base_url_env is needed' });
    if (provider.offered_when === 'key' && !provider.api_key_env) context.addIssue({ code: 'custom', path: ['offered_when'], message: '`key` needs api_key_env' });
    reportTwice(provider.models.map((model) => model.id), (index, id) => context.addIssue({ code: 'custom', path: ['models', index, 'id'], message: `"${id}" is there twice` }));
  })
  .transform((provider): ProviderConfig => {
    const keyEnv = provider.api_key_env === undefined ? [] : [provider.api_key_env].flat();
    return {
      name: provider.name,
      kind: provider.kind,
      baseUrl: provider.base_url,
      baseUrlEnv: provider.base_url_env,
      baseUrlPath: provider.base_url_path,
      keyEnv,
      offeredWhen: provider.offered_when ?? (keyEnv.length > 0 ? 'key' : 'always'),
      priceVendor: provider.price_list ?? provider.name,
      headers: provider.headers,
      defaultMaxOutputTokens: provider.default_max_output_tokens,
      outputLimitParameter: provider.output_limit_parameter,
      streamUsage: provider.stream_usage,
      hasResponses: provider.responses || provider.kind === 'responses',
      limits: provider.limits,
      breaker: provider.breaker,
      maxConnections: provider.max_connections,
      timeouts: provider.timeouts,
      lookup: provider.lookup,
      unknown: provider.unknown,
      models: provider.models,
    };
  });

function isLookup(template: string): boolean {
  const url = URL.parse(template.replace('{base_url}', 'http://host').replace('{attempt_id}', 'id'));
  return template.includes('{attempt_id}') && (url?.protocol === 'http:' || url?.protocol === 'https:') && !url.username && !url.password;
}

/** What config/providers.yaml holds, made into camelCase and into prices in micro-USD per million tokens. */
export const providersFileSchema = z.strictObject({ providers: z.array(providerSchema).min(1, 'must name at least one provider') }).superRefine((file, context) => {
  reportTwice(file.providers.map((provider) => provider.name), (index, name) => context.addIssue({ code: 'custom', path: ['providers', index, 'name'], message: `"${name}" is there twice` }));
});

function reportTwice(names: readonly string[], report: (index: number, name: string) => void): void {
  const seen = new Set<string>();
  names.forEach((name, index) => {
    if (seen.has(name)) report(index, name);
    seen.add(name);
  });
}
