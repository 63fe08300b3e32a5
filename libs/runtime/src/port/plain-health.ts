import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readiness } from '../readiness.js';

/** Answers GET /health/live (the process runs) and /health/ready (it can work): 200 or 503, without a key. True when it took the request. */
export function plainHealth(readiness: Pick<Readiness, 'check'>): (request: IncomingMessage, response: ServerResponse) => boolean {
  return (request, response) => {
    const path = request.url ?? '';
    if (!path.startsWith('/health/') || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    if (path === '/health/live') {
      answer(response, true);
      return true;
    }
    if (path !== '/health/ready') return false;
    void readiness.check().then((isReady) => answer(response, isReady));
    return true;
  };
}

function answer(response: ServerResponse, isUp: boolean): void {
  const body = JSON.stringify({ status: isUp ? 'ok' : 'unavailable' });
  response.writeHead(isUp ? 200 : 503, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'cache-control': 'no-store' });
  response.end(body);
}
