import type { ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) }).end(text);
}

/** Answers with an error in OpenAI's shape. Once an answer has begun, ends it without its `[DONE]`, so that it is not taken for whole. */
export function sendError(response: ServerResponse, thrown: unknown): void {
  const error = AppError.from(thrown);
  const type = error.status === 404 ? 'not_found_error' : error.status < 500 ? 'invalid_request_error' : 'server_error';
  const body = { error: { message: error.message, type, param: error.param ?? null, code: error.code } };
  if (!response.headersSent) {
    // What is left of a refused body is not read, so the connection cannot be used again.
    if (error.status === 413 || error.status === 415) response.setHeader('connection', 'close');
    sendJson(response, error.status, body);
  } else if (!response.writableEnded) response.end(`data: ${JSON.stringify(body)}\n\n`);
}
