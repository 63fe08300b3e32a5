import type { ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';
import { toOpenAiError } from '../domain/openai-error.js';

/** Answers with the error in OpenAI's shape; nothing, when the client is gone or has been answered. */
export function writeError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  const { status, headers, body } = toOpenAiError(AppError.from(error));
  writeJson(response, status, body, headers);
}

/** Answers with JSON. */
export function writeJson(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { ...headers, 'content-type': 'application/json', 'content-length': bytes.length });
  response.end(bytes);
}
