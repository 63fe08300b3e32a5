import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';
import { REQUEST_ID_HEADER } from '@nexus/runtime';
import { errorFor } from '../domain/error-form.js';

/** Answers with the error in the shape of the request's protocol; nothing, when the client is gone or has been answered. */
export function writeError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const requestId = request.headers[REQUEST_ID_HEADER];
  const { status, headers, body } = errorFor(request, AppError.from(error), typeof requestId === 'string' ? requestId : undefined);
  writeJson(response, status, body, headers);
}

/** Answers with JSON. */
export function writeJson(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}
