import { AppError, assertExhaustive } from '@nexus/core';

/** What can go wrong between NEXUS and a provider. */
export type ProviderErrorCode =
  | 'rate_limited'
  | 'quota_exhausted'
  | 'overloaded'
  | 'authentication'
  | 'permission'
  | 'not_found'
  | 'invalid_request'
  /** This provider has no way to do what was asked; another may have one. */
  | 'unsupported_value'
  | 'context_length'
  | 'content_filter'
  | 'timeout'
  /** No connection: the provider never got the request. */
  | 'connection'
  /** The connection broke after the request was on its way: nobody knows what the provider did with it. */
  | 'connection_lost'
  | 'bad_response'
  /** A stream broke off after its first part. */
  | 'cut_stream'
  | 'server_error'
  /** The caller gave up. */
  | 'cancelled';

/** What a failed attempt costs: nothing, nobody knows, or what was counted (see `Failed.usage`). */
export type Charge = 'none' | 'unknown' | 'estimated';

/** What is known about a failure beside its code and message. */
export interface ProviderErrorDetails {
  readonly provider: string;
  /** True when the provider may have received the request. */
  readonly wasSent: boolean;
  /** True when a status or an error body of the provider said that it refused the request. */
  readonly isRefusal?: boolean;
  /** True when at least one part of the answer had arrived. */
  readonly hasStarted?: boolean;
  /** The HTTP status the provider answered with. */
  readonly upstreamStatus?: number;
  /** The provider's own code, e.g. `context_length_exceeded`. */
  readonly upstreamCode?: string;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A failed call of a provider. The message names the provider and holds no secret; `isRetryable` is decided here and nowhere else. */
export class ProviderError extends AppError {
  declare readonly code: ProviderErrorCode;
  readonly provider: string;
  readonly wasSent: boolean;
  readonly upstreamStatus: number | undefined;
  readonly upstreamCode: string | undefined;
  readonly charge: Charge;

  constructor(code: ProviderErrorCode, message: string, details: ProviderErrorDetails) {
    super(code, `${details.provider}: ${message}`, {
      status: edgeStatus(code),
      isRetryable: isRetryable(code, details),
      ...(details.retryAfterMs === undefined ? {} : { retryAfterMs: details.retryAfterMs }),
      cause: details.cause,
    });
    this.name = 'ProviderError';
    this.provider = details.provider;
    this.wasSent = details.wasSent;
    this.upstreamStatus = details.upstreamStatus;
    this.upstreamCode = details.upstreamCode;
    this.charge = chargeOf(code, details);
  }
}

/** A second try must not be a second charge: only what was never sent, or what the provider refused before the first part. */
function isRetryable(code: ProviderErrorCode, details: ProviderErrorDetails): boolean {
  if (details.hasStarted) return false;
  switch (code) {
    case 'connection':
      return true;
    case 'rate_limited':
    case 'overloaded':
    case 'server_error':
    case 'timeout':
      return details.isRefusal === true;
    case 'quota_exhausted':
    case 'authentication':
    case 'permission':
    case 'not_found':
    case 'invalid_request':
    case 'unsupported_value':
    case 'context_length':
    case 'content_filter':
    case 'connection_lost':
    case 'bad_response':
    case 'cut_stream':
    case 'cancelled':
      return false;
    default:
      return assertExhaustive(code);
  }
}

function chargeOf(code: ProviderErrorCode, details: ProviderErrorDetails): Charge {
  if (details.hasStarted) return 'estimated';
  if (!details.wasSent || details.isRefusal) return 'none';
  return code === 'cancelled' ? 'estimated' : 'unknown';
}

/** A key of NEXUS that a provider refuses is no fault of the caller's: such errors are a bad gateway, not a 401. */
function edgeStatus(code: ProviderErrorCode): number {
  switch (code) {
    case 'invalid_request':
    case 'unsupported_value':
    case 'context_length':
    case 'content_filter':
      return 400;
    case 'quota_exhausted':
      return 402;
    case 'not_found':
      return 404;
    case 'rate_limited':
      return 429;
    case 'cancelled':
      return 499;
    case 'overloaded':
      return 503;
    case 'timeout':
      return 504;
    case 'authentication':
    case 'permission':
    case 'connection':
    case 'connection_lost':
    case 'bad_response':
    case 'cut_stream':
    case 'server_error':
      return 502;
    default:
      return assertExhaustive(code);
  }
}
