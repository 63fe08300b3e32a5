import type { AppError } from '@nexus/core';

/** `{error: {message, type, param, code}}`. OpenAI has no field for the request's id; it stands in a header. */
export function writeError(error: AppError): Record<string, unknown> {
  return { error: { message: error.message, type: typeOf(error), param: error.param ?? null, code: error.code } };
}

/** OpenAI's error types by status; a refusal for want of money or quota has its own. */
function typeOf({ status, code }: AppError): string {
  if (status === 402 || (status === 429 && /budget|quota/.test(code))) return 'insufficient_quota';
  if (status === 429) return 'rate_limit_error';
  if (status === 403) return 'permission_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
