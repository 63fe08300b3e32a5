import 'reflect-metadata';
import type { DescService } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type { DiscoveryService } from '@nestjs/core';

const RPC_SERVICE = Symbol('RpcService');

/** What one service may do that the others may not. */
export interface RpcServiceOptions {
  /** Most bytes of one message that it reads; default 16 MiB. */
  readonly readMaxBytes?: number;
}

/** A protobuf service with the object that implements it. */
export interface RpcBinding extends RpcServiceOptions {
  readonly service: DescService;
  readonly implementation: Partial<ServiceImpl<DescService>>;
}

interface MarkedService {
  readonly service: DescService;
  readonly options: RpcServiceOptions;
}

/** Ties an implementation to its service; the router looks its methods up by name. */
export function bindRpc<T extends DescService>(service: T, implementation: Partial<ServiceImpl<T>>): RpcBinding {
  return { service, implementation };
}

/** Marks a provider or controller as the implementation of a protobuf service: it is found and served on the service's port. */
export function RpcService<T extends DescService>(service: T, options: RpcServiceOptions = {}): <C extends new (...parameters: never[]) => Partial<ServiceImpl<T>>>(target: C) => void {
  return (target) => Reflect.defineMetadata(RPC_SERVICE, { service, options } satisfies MarkedService, target);
}

/** All implementations among an application's providers and controllers. Two for one service are refused: one would shadow the other. */
export function discoverRpcServices(discovery: DiscoveryService): RpcBinding[] {
  const found = new Map<DescService, RpcBinding>();
  for (const wrapper of [...discovery.getProviders(), ...discovery.getControllers()]) {
    const marked = wrapper.metatype ? (Reflect.getMetadata(RPC_SERVICE, wrapper.metatype) as MarkedService | undefined) : undefined;
    if (marked === undefined) continue;
    const { service, options } = marked;
    const implementation = wrapper.instance as Partial<ServiceImpl<DescService>>;
    const known = found.get(service);
    if (known !== undefined && known.implementation !== implementation) throw new Error(`${service.typeName} has two implementations`);
    found.set(service, { ...options, service, implementation });
  }
  return [...found.values()];
}
