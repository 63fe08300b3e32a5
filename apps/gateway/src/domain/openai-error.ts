import type { AppError } from '@nexus/core';

/** An error as OpenAI's clients read it. */
export interface OpenAiError {
  readonly status: number;
  /** Lower-case names; without content-type and x-request-id, which every answer has. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string } };
}

/** OpenAI's SDKs wait as long as they are told up to a minute; told more, they ask again within seconds, in vain. */
const LONGEST_WAIT_MS = 60_000;

/** The one place where NEXUS's errors take OpenAI's shape. Its clients retry by themselves, so they are told when that is of no use. */
export function toOpenAiError(error: AppError): OpenAiError {
  const status = error.status >= 400 && error.status <= 599 ? error.status : 500;
  const headers: Record<string, string> = {};
  if (isRetriedByClients(status)) headers['x-should-retry'] = String(error.isRetryable && (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS);
  if (error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1_000));
    headers['retry-after-ms'] = String(Math.ceil(error.retryAfterMs));
  }
  const type = typeOf(status, error.code);
  return { status, headers, body: { error: { message: error.message, type, param: error.param ?? null, code: error.code } } };
}

/** The statuses after which OpenAI's SDKs send the same request again unless told otherwise. */
function isRetriedByClients(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}

/** OpenAI's error types by status; a refusal for want of money or quota has its own. */
function typeOf(status: number, code: string): string {
  if (status === 402 || (status === 429 && /budget|quota/.test(code))) return 'insufficient_quota';
  if (status === 429) return 'rate_limit_error';
  if (status === 403) return 'permission_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
