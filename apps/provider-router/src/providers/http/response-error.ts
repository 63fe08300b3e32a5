import { maskSecrets } from '../mask-secrets.js';
import { ProviderError, type ProviderErrorCode } from '../provider-error.js';
import { isRecord, textOf } from '../openai-compatible/read-message.js';

const CONTEXT_LENGTH = /context[ _-]?(?:length|window)|maximum context|prompt is too long|input is too long|too many (?:input )?tokens|token count .*exceeds/i;
const BAD_KEY = /api key not valid|invalid api key|incorrect api key|api_key_invalid/i;
const NO_CREDIT = /insufficient[_ ](?:quota|balance|credits?)|credit balance is too low|exceeded your current quota/i;

/** What a provider said with an error status, with an error body under status 200, or with an error in the midst of a stream. */
export interface SpokenError {
  readonly provider: string;
  /** The HTTP status; 200 when only the body says that it is an error. */
  readonly status: number;
  /** The parsed body, or its text when it is no JSON. */
  readonly body: unknown;
  readonly apiKey: string | undefined;
  readonly retryAfterMs: number | undefined;
  /** True when parts of the answer came before it. */
  readonly hasStarted: boolean;
}

/** The error that a provider spoke, with its own message (masked) in it. */
export function responseError(spoken: SpokenError): ProviderError {
  const { message, code, type, status: statedStatus, delayMs } = readBody(spoken.body);
  const retryAfterMs = delayMs ?? spoken.retryAfterMs;
  const status = spoken.status >= 400 ? spoken.status : (statedStatus ?? spoken.status);
  const words = maskSecrets(message, spoken.apiKey);
  // Gemini speaks of a quota also where it is one for a minute; then it says when to come again.
  const kind = status === 429 && delayMs !== undefined ? 'rate_limited' : classify(status, `${code} ${type}`, message);
  const isHtml = /^\s*</.test(message);
  return new ProviderError(kind, words !== '' && !isHtml ? words : `answered with status ${spoken.status} and no message`, {
    provider: spoken.provider,
    wasSent: true,
    isRefusal: kind !== 'bad_response',
    hasStarted: spoken.hasStarted,
    upstreamStatus: spoken.status,
    ...(code === '' ? {} : { upstreamCode: maskSecrets(code, spoken.apiKey) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** What the words say counts before the status: providers put very different things under 400 and 429. */
function classify(status: number, codes: string, message: string): ProviderErrorCode {
  if (/insufficient_quota|billing/.test(codes) || status === 402 || NO_CREDIT.test(message)) return 'quota_exhausted';
  if (/context_length_exceeded/.test(codes) || ((status === 400 || status === 413 || status === 422) && CONTEXT_LENGTH.test(message))) return 'context_length';
  if (/content_filter|content_policy|moderation/.test(codes)) return 'content_filter';
  if (/invalid_api_key/.test(codes) || (status === 400 && BAD_KEY.test(`${codes} ${message}`))) return 'authentication';
  if (/overloaded|UNAVAILABLE/.test(codes)) return 'overloaded';
  return byStatus(status) ?? byType(codes);
}

function byStatus(status: number): ProviderErrorCode | undefined {
  switch (status) {
    case 401:
      return 'authentication';
    case 403:
      return 'permission';
    case 404:
    case 410:
      return 'not_found';
    case 408:
      return 'timeout';
    case 429:
      return 'rate_limited';
    case 503:
    case 529:
      return 'overloaded';
    default:
      if (status >= 500) return 'server_error';
      return status >= 400 ? 'invalid_request' : undefined;
  }
}

/** For errors that come under status 200, where only the vendor's words are left. */
function byType(codes: string): ProviderErrorCode {
  if (/rate_limit|RESOURCE_EXHAUSTED/.test(codes)) return 'rate_limited';
  if (/authentication/.test(codes)) return 'authentication';
  if (/permission/.test(codes)) return 'permission';
  if (/not_found/.test(codes)) return 'not_found';
  if (/invalid_request|bad_request|invalid_argument/i.test(codes)) return 'invalid_request';
  return 'server_error';
}

interface ErrorWords {
  readonly message: string;
  readonly code: string;
  readonly type: string;
  readonly status: number | undefined;
  /** How long to wait, by the error itself. */
  readonly delayMs?: number | undefined;
}

/** The words of `{error: {...}}`, `{error: "..."}`, `[{error: {...}}]` and of bodies that hold the fields themselves. */
function readBody(body: unknown): ErrorWords {
  if (typeof body === 'string') return { message: body, code: '', type: '', status: undefined };
  const first: unknown = Array.isArray(body) ? body[0] : body;
  const outer = isRecord(first) ? first : {};
  // a response that failed tells why inside itself
  const error = outer['error'] ?? (isRecord(outer['response']) ? outer['response']['error'] : undefined);
  if (typeof error === 'string') return { message: error, code: textOf(outer['code']), type: textOf(outer['type']), status: undefined };
  const inner = isRecord(error) ? error : outer;
  const code = inner['code'];
  const detail = inner['message'] ?? inner['detail'];
  return {
    message: typeof detail === 'string' ? detail : detail === undefined || detail === null ? '' : JSON.stringify(detail),
    code: typeof code === 'string' ? code : '',
    type: [textOf(inner['type']), textOf(inner['status'])].join(' '),
    status: typeof code === 'number' && code >= 400 && code < 600 ? code : undefined,
    delayMs: retryDelayOf(inner['details']),
  };
}

/** Google says how long to wait in the details of its errors, as `33s` or `0.5s`. */
function retryDelayOf(details: unknown): number | undefined {
  for (const detail of Array.isArray(details) ? (details as unknown[]) : []) {
    const seconds = isRecord(detail) ? /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(textOf(detail['retryDelay'])) : null;
    if (seconds) return Math.ceil(Number(seconds[1]) * 1_000);
  }
  return undefined;
}
