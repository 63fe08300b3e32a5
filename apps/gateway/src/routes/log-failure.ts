import type { IncomingMessage } from 'node:http';
import type { AppError } from '@nexus/core';
import { REQUEST_ID_HEADER, type Logger } from '@nexus/runtime';

/** Logs a request that NEXUS or a provider failed. A provider's words stay out of the log: they may quote the prompt. */
export function logFailure(logger: Pick<Logger, 'error'>, request: IncomingMessage, error: AppError): void {
  const { code, status } = error;
  if (status < 500) return;
  logger.error({ code, status, request_id: request.headers[REQUEST_ID_HEADER], ...(code === 'internal' && { error }) }, 'a request failed');
}
