import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';

/** Throws an AppError 405 for any other method, and says which one is right in `allow`. */
export function requireMethod(method: string, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === method) return;
  response.setHeader('allow', method);
  throw new AppError('method_not_allowed', `Use ${method}.`, { status: 405 });
}
