import type { AppError } from '@nexus/core';

/** The body of an error as Anthropic's clients read it. Its SDKs find NEXUS's own code in the details. */
export function writeError(error: AppError, requestId: string | undefined): Record<string, unknown> {
  const details = { error_code: error.code, ...(error.param !== undefined && { param: error.param }) };
  return { type: 'error', error: { type: errorTypeOf(error), message: error.message, details }, request_id: requestId ?? null };
}

/** Anthropic's word for what went wrong; a refusal for want of money has its own, whatever its status. */
function errorTypeOf({ status, code }: AppError): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 402:
      return 'billing_error';
    case 403:
      return 'permission_error';
    case 404:
      return 'not_found_error';
    case 408:
    case 504:
      return 'timeout_error';
    case 409:
      return 'conflict_error';
    case 413:
      return 'request_too_large';
    case 429:
      if (/budget|quota/.test(code)) return 'billing_error';
      return code === 'overloaded' ? 'overloaded_error' : 'rate_limit_error';
    case 503:
    case 529:
      return 'overloaded_error';
    default:
      return status >= 400 && status < 500 ? 'invalid_request_error' : 'api_error';
  }
}
