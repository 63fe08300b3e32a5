import type { DescService } from '@bufbuild/protobuf';
import type { CallOptions, Client, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject, type Type } from '@nestjs/common';
import { CLIENTS, RpcService, asKey, asTenant, requireTenant, type ServiceClients } from '@nexus/runtime';
import type { GatewayConfig } from '../config.js';
import { GATEWAY_CONFIG } from '../tokens.js';

type Method = (request: unknown, options: CallOptions) => unknown;

/**
 * A provider that serves a protobuf service by handing each call on to the service that owns it, in the caller's name: what the
 * caller's key may not do is refused there. Methods in `hidden` are not served. Unary and server-streaming methods only.
 */
export function forwarding<T extends DescService>(service: T, clientOf: (clients: ServiceClients) => Client<T>, hidden: readonly (keyof T['method'])[] = []): Type {
  @RpcService(service)
  class Forwarding {
    constructor(@Inject(CLIENTS) clients: ServiceClients, @Inject(GATEWAY_CONFIG) { timeoutMs }: GatewayConfig) {
      const client = clientOf(clients) as unknown as Record<string, Method>;
      const methods = service.methods.map((method) => method.localName).filter((name) => !hidden.includes(name));
      for (const name of methods) {
        (this as Record<string, unknown>)[name] = (request: unknown, context: HandlerContext) => client[name]?.(request, optionsFor(context, timeoutMs));
      }
    }
  }
  return Forwarding as Type<Partial<ServiceImpl<T>>>;
}

function optionsFor(context: HandlerContext, longestMs: number): CallOptions {
  const { tenantId, key, trace, requestId } = requireTenant(context);
  const details = { requestId, signal: context.signal, timeoutMs: Math.min(context.timeoutMs() ?? longestMs, longestMs) };
  return key === undefined ? asTenant(tenantId, trace, details) : asKey(tenantId, key, trace, details);
}
