import type { ProviderTarget } from '../../domain/provider-target.js';

/** The headers of every request to a provider, as the flat list that undici takes without a copy. Holds the key. */
export function targetHeaders(target: ProviderTarget, accept: string): string[] {
  const headers = ['content-type', 'application/json', 'accept', accept, 'accept-encoding', 'identity', 'user-agent', 'nexus'];
  for (const [name, value] of Object.entries(target.headers)) headers.push(name.toLowerCase(), value);
  if (target.apiKey !== undefined) headers.push('authorization', `Bearer ${target.apiKey}`);
  return headers;
}
