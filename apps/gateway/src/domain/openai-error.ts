import type { AppError } from '@nexus/core';

/** An error as OpenAI's clients read it. */
export interface OpenAiError {
  readonly status: number;
  /** Lower-case names; without content-type and x-request-id, which every answer has. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: { readonly message: string; readonly type: string; readonly param: string | null; readonly code: string } };
}

/** OpenAI's and Anthropic's SDKs wait as long as they are told up to a minute; told more, they ask again within seconds, in vain. */
const LONGEST_WAIT_MS = 60_000;

/** The one place where NEXUS's errors take OpenAI's shape. */
export function toOpenAiError(error: AppError): OpenAiError {
  return { ...errorHead(error), body: openAiErrorBody(error) };
}

/** What stands in the body alone. */
export function openAiErrorBody(error: AppError): OpenAiError['body'] {
  return { error: { message: error.message, type: typeOf(statusOf(error), error.code), param: error.param ?? null, code: error.code } };
}

/** Status and headers, the same in every wire. OpenAI's and Anthropic's clients retry by themselves, so they are told when that is of no use. */
export function errorHead(error: AppError): Pick<OpenAiError, 'status' | 'headers'> {
  const status = statusOf(error);
  const headers: Record<string, string> = {};
  if (isRetriedByClients(status)) headers['x-should-retry'] = String(error.isRetryable && (error.retryAfterMs ?? 0) <= LONGEST_WAIT_MS);
  if (error.retryAfterMs !== undefined) {
    headers['retry-after'] = String(Math.ceil(error.retryAfterMs / 1_000));
    headers['retry-after-ms'] = String(Math.ceil(error.retryAfterMs));
  }
  return { status, headers };
}

/** An error has the status of an error, whatever it says. */
function statusOf({ status }: AppError): number {
  return status >= 400 && status <= 599 ? status : 500;
}

/** The statuses after which these SDKs send the same request again unless told otherwise. */
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
