import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Module } from '@nestjs/common';
import type { ChannelBus } from '@nexus/channels';
import {
  ClaimChatResponseSchema, DirectoryService, IdentityService, ListToolsResponseSchema, RedeemLinkCodeResponseSchema, ResolveKeyResponseSchema, ResolveSenderResponseSchema, TenantSettingsSchema, ToolService,
  type ClaimChatRequest, type RedeemLinkCodeRequest, type ResolveKeyRequest, type ResolveSenderRequest,
} from '@nexus/contracts';
import { systemClock } from '@nexus/core';
import { RpcService, ServiceClients, createLogger, defaultPorts, serviceNames, startService, type RunningService, type ServiceName } from '@nexus/runtime';
import { SERVICE_TOKEN, answered, listedTools, tenantOf, type Directory } from './orchestrator-test.js';

/** What an orchestrator in a process of its own asks settings and the tool-executor, on one port. `stop` ends it. */
export async function startNeighbourServices(bus: ChannelBus, directory: Directory): Promise<{ readonly env: Record<string, string>; stop(): Promise<void> }> {
  @RpcService(DirectoryService)
  class DirectoryRpc implements Pick<ServiceImpl<typeof DirectoryService>, 'resolveKey' | 'getTenantSettings'> {
    resolveKey({ hash }: ResolveKeyRequest) {
      return create(ResolveKeyResponseSchema, directory.resolve(hash));
    }

    getTenantSettings(_request: unknown, context: HandlerContext) {
      return create(TenantSettingsSchema, directory.settingsOf(context.requestHeader.get('x-nexus-tenant')));
    }
  }

  @RpcService(IdentityService)
  class IdentityRpc implements ServiceImpl<typeof IdentityService> {
    resolveSender(request: ResolveSenderRequest, context: HandlerContext) {
      return create(ResolveSenderResponseSchema, answered(() => directory.people.resolve(tenantOf(context), request)));
    }

    redeemLinkCode(request: RedeemLinkCodeRequest, context: HandlerContext) {
      return create(RedeemLinkCodeResponseSchema, answered(() => directory.people.redeem(tenantOf(context), request)));
    }

    claimChat(request: ClaimChatRequest, context: HandlerContext) {
      return create(ClaimChatResponseSchema, answered(() => directory.people.claim(tenantOf(context), request)));
    }
  }

  @RpcService(ToolService)
  class ToolRpc implements Pick<ServiceImpl<typeof ToolService>, 'listTools'> {
    listTools() {
      return create(ListToolsResponseSchema, listedTools());
    }
  }

  @Module({ providers: [DirectoryRpc, IdentityRpc, ToolRpc] })
  class NeighbourModule {}

  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  const service: RunningService = await startService(
    { name: 'settings', defaultPort: defaultPorts.settings, module: () => NeighbourModule },
    { bus, clients, logger: createLogger({ level: 'silent' }), clock: systemClock, environment: {}, serviceToken: SERVICE_TOKEN, replica: 'neighbours' },
    { listen: true, port: 0 },
  );
  const url = service.url ?? '';
  return {
    env: { NEXUS_SETTINGS_URL: url, NEXUS_TOOL_EXECUTOR_URL: url },
    stop: async () => {
      await service.stop(1_000);
      clients.close();
    },
  };
}
