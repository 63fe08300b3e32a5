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

const ANTHROPICS_PATHS = /^\/v1\/messages(?:[/?]|$)/;
const OPENAIS_PATHS = /^\/v1\/(?:chat\/completions|responses|embeddings)(?:[/?]|$)/;

/** True for a request in Anthropic's protocol: on its own paths, and with the header that its clients send on those that are not OpenAI's own. */
export function speaksAnthropic({ url = '', headers }: AskedRequest): boolean {
  return ANTHROPICS_PATHS.test(url) || (headers['anthropic-version'] !== undefined && !OPENAIS_PATHS.test(url));
}

/** The error in Anthropic's shape for its clients, else in OpenAI's. */
export function errorFor(request: AskedRequest, error: AppError, requestId: string | undefined): HttpError {
  return { ...errorHead(error), body: speaksAnthropic(request) ? anthropic.writeError(error, requestId) : openAiErrorBody(error) };
}
