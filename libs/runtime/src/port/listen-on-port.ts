import { DiscoveryService } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { metricsEndpoint } from '../metrics/metrics-endpoint.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Readiness } from '../readiness.js';
import type { NodeHandler, RpcServer } from '../rpc/rpc-server.js';
import { HTTP_UPGRADE, RAW_HTTP } from '../tokens.js';
import { plainHealth } from './plain-health.js';
import { PortServer, type RawHttpHandler, type UpgradeHandler } from './port-server.js';

export interface ServicePort {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly app: NestExpressApplication;
  readonly rpc: RpcServer;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  /** What metrics need as a bearer token, from other machines; undefined: nothing. */
  readonly metricsToken: string | undefined;
}

/** The one port of a service. HTTP/1.1: health, metrics, the service's raw handler, RPCs, Nest's controllers, in this order; HTTP/2: RPCs. */
export function listenOnPort({ host, port, app, rpc, readiness, metrics, metricsToken }: ServicePort): Promise<PortServer> {
  const health = plainHealth(readiness);
  const scrape = metricsEndpoint({ metrics, token: metricsToken });
  const raw = optional<RawHttpHandler>(app, RAW_HTTP);
  const express = app.getHttpAdapter().getInstance() as NodeHandler;
  return PortServer.listen({
    host,
    port,
    http1: rpc.handler(express),
    http2: rpc.handler(onlyHttp1),
    raw: (request, response) => health(request, response) || scrape(request, response) || raw?.(request, response) === true,
    upgrade: optional<UpgradeHandler>(app, HTTP_UPGRADE),
  });
}

/** A provider that a service may have; asking Nest for one that it has not is an error that Nest logs. */
function optional<T>(app: NestExpressApplication, token: symbol): T | undefined {
  const providers = app.get(DiscoveryService, { strict: false }).getProviders();
  return providers.find((provider) => provider.token === token)?.instance as T | undefined;
}

const onlyHttp1: NodeHandler = (_request, response) => {
  response.writeHead(404, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { code: 'not_found', message: 'Over HTTP/2 there are RPCs only; ask with HTTP/1.1.' } }));
};
