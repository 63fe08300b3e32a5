import type { IncomingMessage, ServerResponse } from 'node:http';
import { LONG_SECONDS, OTHER_LABEL, type Metrics } from '@nexus/runtime';

const METHODS: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']);

/** What the gateway counts of HTTP requests, for `GET /metrics`, by the route that took them: `other` where none did. */
export class RequestMetrics {
  private readonly durations;
  private readonly open;

  constructor(metrics: Metrics) {
    this.durations = metrics.histogram('http_server_request_duration_seconds', 'How long HTTP requests took until their answer was written, streams to their end; 499 is a client that left before.', ['http_request_method', 'http_route', 'http_response_status_code'], LONG_SECONDS);
    this.open = metrics.gauge('http_server_active_requests', 'HTTP requests that are not answered to their end.', []);
  }

  /** Counts a request once it is over. `route` is its path when that has no parameters; else Nest's router knows it by then. */
  watch(request: IncomingMessage, response: ServerResponse, route: string | undefined): void {
    const began = performance.now();
    this.open.inc();
    response.once('close', () => {
      this.open.dec();
      const method = request.method ?? '';
      this.durations.observe({
        http_request_method: METHODS.has(method) ? method : '_OTHER',
        http_route: route ?? routeOf(request) ?? OTHER_LABEL,
        http_response_status_code: response.writableEnded ? response.statusCode : 499,
      }, (performance.now() - began) / 1_000);
    });
  }
}

/** As express leaves it on the request: a pattern such as `/v1/threads/:id`. */
function routeOf(request: IncomingMessage): string | undefined {
  const path: unknown = (request as { readonly route?: { readonly path?: unknown } }).route?.path;
  return typeof path === 'string' ? path : undefined;
}
