import type { Endpoint } from '../../domain/endpoint.js';
import type { ProviderTarget } from '../../domain/provider-target.js';

const ANTHROPIC_VERSION = '2023-06-01';

/**
 * Names a call by its attempt, for both uses that providers make of a client's id: to be asked about it, and to refuse to do it twice.
 */
export function attemptHeaders(attemptId: string): string[] {
  return ['x-client-request-id', attemptId, 'idempotency-key', attemptId];
}

/** The headers of every request to an API of a provider, as the flat list that undici takes without a copy. Holds the key. */
export function targetHeaders(target: ProviderTarget, endpoint: Endpoint, accept: string): string[] {
  const headers = ['content-type', 'application/json', 'accept', accept, 'accept-encoding', 'identity', 'user-agent', 'nexus'];
  const own = new Set<string>();
  for (const [name, value] of Object.entries(target.headers)) {
    headers.push(name.toLowerCase(), value);
    own.add(name.toLowerCase());
  }
  if (endpoint === 'messages' && !own.has('anthropic-version')) headers.push('anthropic-version', ANTHROPIC_VERSION);
  if (target.apiKey !== undefined) headers.push(...keyHeader(endpoint, target.apiKey));
  return headers;
}

function keyHeader(endpoint: Endpoint, key: string): string[] {
  switch (endpoint) {
    case 'messages': return ['x-api-key', key];
    case 'gemini': return ['x-goog-api-key', key];
    default: return ['authorization', `Bearer ${key}`];
  }
}
