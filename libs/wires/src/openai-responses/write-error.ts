import type { AppError } from '@nexus/core';

/** What failed a response, in the few codes that OpenAI has for it. */
export function writeFailure(error: AppError): { readonly code: string; readonly message: string } {
  return { code: codeOf(error), message: error.message };
}

function codeOf({ status }: AppError): string {
  if (status === 429) return 'rate_limit_exceeded';
  return status >= 500 ? 'server_error' : 'invalid_prompt';
}
