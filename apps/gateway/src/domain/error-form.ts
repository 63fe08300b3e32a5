import type { AppError } from '@nexus/core';
import { anthropic } from '@nexus/wires';
import { errorHead, openAiErrorBody, type OpenAiError } from './openai-error.js';

/** An error as the client that asked reads it. */
export interface HttpError extends Pick<OpenAiError, 'status' | 'headers'> {
  readonly body: object;
}

/** What tells in which form a request wants its errors. */
export interface AskedRequest {
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** True for a request in Anthropic's protocol: on its own paths, and anywhere else with the header that its clients send. */
export function speaksAnthropic({ url = '', headers }: AskedRequest): boolean {
  return headers['anthropic-version'] !== undefined || /^\/v1\/messages(?:[/?]|$)/.test(url);
}

/** The error in Anthropic's shape for its clients, else in OpenAI's. */
export function errorFor(request: AskedRequest, error: AppError, requestId: string | undefined): HttpError {
  return { ...errorHead(error), body: speaksAnthropic(request) ? anthropic.writeError(error, requestId) : openAiErrorBody(error) };
}
