import type { ProviderTarget } from '../../domain/provider-target.js';

/**
 * Names a call by its attempt, for both uses that providers make of a client's id: to be asked about it, and to refuse to do it twice.
 */
export function attemptHeaders(attemptId: string): string[] {
  return ['x-client-request-id', attemptId, 'idempotency-key', attemptId];
}

/** The headers of every request to a provider, as the flat list that undici takes without a copy. Holds the key. */
export function targetHeaders(target: ProviderTarget, accept: string): string[] {
  const headers = ['content-type', 'application/json', 'accept', accept, 'accept-encoding', 'identity', 'user-agent', 'nexus'];
  for (const [name, value] of Object.entries(target.headers)) headers.push(name.toLowerCase(), value);
  if (target.apiKey !== undefined) headers.push('authorization', `Bearer ${target.apiKey}`);
  return headers;
}
