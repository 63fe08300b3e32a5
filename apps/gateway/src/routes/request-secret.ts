import type { IncomingMessage } from 'node:http';
import { AppError } from '@nexus/core';

const BEARER = /^Bearer +(\S+)$/i;

/** The key that a request came with, as OpenAI's clients send it or as Anthropic's do; undefined when there is none. */
export function secretOf({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const bearer = headers.authorization === undefined ? undefined : BEARER.exec(headers.authorization)?.[1];
  const secret = bearer ?? headers['x-api-key'];
  return typeof secret === 'string' && secret !== '' ? secret : undefined;
}

/** The same; throws an AppError 401 when there is none. */
export function requireSecret(request: Pick<IncomingMessage, 'headers'>): string {
  const secret = secretOf(request);
  if (secret === undefined) {
    throw new AppError('invalid_api_key', 'No API key was given. Send it as `Authorization: Bearer KEY` or `x-api-key: KEY`.', { status: 401 });
  }
  return secret;
}

/** Of a key that nobody knows. */
export function unknownKey(): AppError {
  return new AppError('invalid_api_key', 'This API key is not known, or it was revoked. Send one that is valid as `Authorization: Bearer KEY` or `x-api-key: KEY`.', { status: 401 });
}
