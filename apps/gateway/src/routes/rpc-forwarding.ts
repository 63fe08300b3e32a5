import type { DescService } from '@bufbuild/protobuf';
import type { CallOptions, Client, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject, type Type } from '@nestjs/common';
import { CLIENTS, RpcService, asKey, asTenant, idempotencyKeyOf, requireTenant, type ServiceClients } from '@nexus/runtime';
import type { GatewayConfig } from '../config.js';
import { Admission, RUN_QUEUES } from '../handlers/admission.js';
import { GATEWAY_CONFIG } from '../tokens.js';

type Method = (request: unknown, options: CallOptions) => unknown;

interface Forwarded<T extends DescService> {
  readonly hidden?: readonly (keyof T['method'])[];
  readonly starting?: readonly (keyof T['method'])[];
}

/**
 * A provider that serves a protobuf service by handing each call on to the service that owns it, in the caller's name and
 * with the call's idempotency key: what the caller's key may not do is refused there. Methods in `hidden`
 * are not served, those in `starting` start runs and are refused while there is too much to do. Unary and server-streaming methods only.
 */
export function forwarding<T extends DescService>(service: T, clientOf: (clients: ServiceClients) => Client<T>, { hidden = [], starting = [] }: Forwarded<T> = {}): Type {
  @RpcService(service)
  class Forwarding {
    constructor(@Inject(CLIENTS) clients: ServiceClients, @Inject(GATEWAY_CONFIG) { timeoutMs }: GatewayConfig, @Inject(Admission) admission: Admission) {
      const client = clientOf(clients) as unknown as Record<string, Method>;
      const methods = service.methods.map((method) => method.localName).filter((name) => !hidden.includes(name));
      for (const name of methods) {
        (this as Record<string, unknown>)[name] = (request: unknown, context: HandlerContext) => {
          if (starting.includes(name)) admission.require(RUN_QUEUES);
          return client[name]?.(request, optionsFor(context, timeoutMs));
        };
      }
    }
  }
  return Forwarding as Type<Partial<ServiceImpl<T>>>;
}

function optionsFor(context: HandlerContext, longestMs: number): CallOptions {
  const { tenantId, key, trace, requestId } = requireTenant(context);
  const details = { requestId, signal: context.signal, timeoutMs: Math.min(context.timeoutMs() ?? longestMs, longestMs), idempotencyKey: idempotencyKeyOf(context) };
  return key === undefined ? asTenant(tenantId, trace, details) : asKey(tenantId, key, trace, details);
}
