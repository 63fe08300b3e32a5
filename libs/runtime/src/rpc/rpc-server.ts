import { createRouterTransport, type ConnectRouter, type ConnectRouterOptions, type Transport } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { Health, ServerReflection, ServerReflectionAlpha } from '@nexus/contracts';
import type { IdempotencyStore } from '@nexus/postgres';
import type { KeyResolver } from '../keys/key-resolver.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics/metrics.js';
import type { Readiness } from '../readiness.js';
import type { Tracer } from '../telemetry/tracing.js';
import { createGate } from './gate.js';
import { createHealthService } from './health-service.js';
import { withIdempotencyKeys } from './idempotency.js';
import { createReflectionServices } from './reflection-service.js';
import { createRpcInterceptor } from './rpc-interceptor.js';
import type { RpcBinding } from './rpc-service.js';

/** Most bytes of one message, after decompression: what the gateway accepts (10 MB) and room around it. A service that takes more says so. */
const MAX_MESSAGE_BYTES = 16 * 1_048_576;

export interface RpcServerOptions {
  readonly bindings: readonly RpcBinding[];
  readonly serviceToken: string;
  readonly keys: Pick<KeyResolver, 'resolve'>;
  readonly readiness: Readiness;
  readonly tracer: Tracer;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Absent for services without storage: they hand keys on to those that have it. */
  readonly idempotency?: IdempotencyStore | undefined;
}

export type NodeHandler = ReturnType<typeof connectNodeAdapter>;

/** A service's RPCs with health and reflection: for the port, and for callers in the same process, who pass the same gate. */
export interface RpcServer {
  /** Connect, gRPC and gRPC-Web; what is none of its paths goes to `fallback`. */
  handler(fallback: NodeHandler): NodeHandler;
  readonly transport: Transport;
}

export function createRpcServer(options: RpcServerOptions): RpcServer {
  const { serviceToken, logger, idempotency } = options;
  const bindings = idempotency === undefined ? options.bindings : options.bindings.map((binding) => withIdempotencyKeys(binding, { store: idempotency, serviceToken, logger }));
  const descriptions = [...options.bindings.map((binding) => binding.service), Health, ServerReflection, ServerReflectionAlpha];
  const reflection = createReflectionServices(descriptions);
  const health = createHealthService(options.readiness, new Set(descriptions.map((service) => service.typeName)));
  const routes = (router: ConnectRouter): void => {
    for (const { service, implementation, readMaxBytes } of bindings) router.service(service, implementation, readMaxBytes === undefined ? undefined : { readMaxBytes });
    router.service(Health, health);
    router.service(ServerReflection, reflection.v1);
    router.service(ServerReflectionAlpha, reflection.v1alpha);
  };
  const routerOptions: ConnectRouterOptions = {
    requestGate: createGate(serviceToken, options.keys),
    interceptors: [createRpcInterceptor(options)],
    readMaxBytes: MAX_MESSAGE_BYTES,
  };
  return {
    handler: (fallback) => connectNodeAdapter({ ...routerOptions, routes, fallback }),
    transport: createRouterTransport(routes, { router: routerOptions }),
  };
}
