import type { IncomingMessage, ServerResponse } from 'node:http';
import { NEXUS_HEADERS } from '../domain/nexus-headers.js';

const ALLOWED_HEADERS = 'anthropic-beta, anthropic-dangerous-direct-browser-access, anthropic-version, authorization, content-type, idempotency-key, last-event-id, traceparent, x-api-key, x-file-name, x-nexus-user, x-request-id';
const EXPOSED_HEADERS = `content-disposition, x-request-id, ${NEXUS_HEADERS.join(', ')}, retry-after`;

/** Lets pages of the origins that the operator named call the API; no other origin, and by default none. */
export class Cors {
  private readonly origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.origins = new Set(origins);
  }

  /** Adds what an allowed origin needs to see; true when it was a preflight, which is answered. */
  answer(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.origins.size === 0) return false;
    const { origin } = request.headers;
    if (origin === undefined || !this.origins.has(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('vary', 'origin');
    response.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
    response.writeHead(204, {
      'access-control-allow-methods': 'GET, POST, PATCH, DELETE',
      'access-control-allow-headers': ALLOWED_HEADERS,
      'access-control-max-age': '600',
    });
    response.end();
    return true;
  }
}
