import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hashOf } from '../keys/key-resolver.js';
import type { Metrics } from './metrics.js';

/** What is shown, and to whom. */
export interface MetricsEndpointOptions {
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** Set where strangers may come: then whoever is not on this machine needs it as a bearer token. */
  readonly token?: string | undefined;
}

/** What a proxy adds: a request with one of these comes from elsewhere, though its connection comes from this machine. */
const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const;

/** Answers GET /metrics in Prometheus' text format, 401 to whom it is not for. True when it took the request. */
export function metricsEndpoint({ metrics, token }: MetricsEndpointOptions): (request: IncomingMessage, response: ServerResponse) => boolean {
  const expected = token === undefined ? undefined : hashOf(token);
  return (request, response) => {
    const path = request.url ?? '';
    if (!(path === '/metrics' || path.startsWith('/metrics?')) || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    if (expected !== undefined && !isFromHere(request) && !hasToken(request, expected)) refuse(response);
    else void answer(metrics, response);
    return true;
  };
}

async function answer(metrics: MetricsEndpointOptions['metrics'], response: ServerResponse): Promise<void> {
  const body = await metrics.text().catch(() => undefined);
  response.writeHead(body === undefined ? 500 : 200, { 'content-type': metrics.contentType, 'cache-control': 'no-store' });
  response.end(body);
}

function isFromHere({ socket, headers }: IncomingMessage): boolean {
  const address = socket.remoteAddress ?? '';
  const isLoopback = address === '::1' || address.replace(/^::ffff:/, '').startsWith('127.');
  return isLoopback && FORWARDED.every((header) => headers[header] === undefined);
}

function hasToken({ headers }: IncomingMessage, expected: Buffer): boolean {
  const secret = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  return secret !== undefined && timingSafeEqual(hashOf(secret), expected);
}

function refuse(response: ServerResponse): void {
  const body = JSON.stringify({ error: { code: 'unauthenticated', message: 'From another machine, metrics need the header `authorization: Bearer NEXUS_SERVICE_TOKEN`.' } });
  response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': 'Bearer' });
  response.end(body);
}
