import { create } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import { Module } from '@nestjs/common';
import type { ChannelBus } from '@nexus/channels';
import { DirectoryService, OpenAttemptsResponseSchema, ReportOwnerResponseSchema, TenantSettingsSchema, UsageService, type OpenAttemptsRequest, type ReportOwnerRequest } from '@nexus/contracts';
import { systemClock } from '@nexus/core';
import { RpcService, ServiceClients, createLogger, defaultPorts, serviceNames, startService, type ServiceName } from '@nexus/runtime';
import { SERVICE_TOKEN, type RouterWorld } from './router-test.js';

/** What a router in a process of its own asks usage and settings, on one port. `stop` ends it. */
export async function startNeighbourServices(bus: ChannelBus, world: RouterWorld): Promise<{ readonly env: Record<string, string>; stop(): Promise<void> }> {
  @RpcService(UsageService)
  class UsageRpc implements Pick<ServiceImpl<typeof UsageService>, 'openAttempts' | 'reportOwner'> {
    async openAttempts({ attempts }: OpenAttemptsRequest) {
      return create(OpenAttemptsResponseSchema, await world.ledger.openAll(attempts));
    }

    reportOwner(report: ReportOwnerRequest) {
      return create(ReportOwnerResponseSchema, world.ledger.report(report));
    }
  }

  @RpcService(DirectoryService)
  class DirectoryRpc implements Pick<ServiceImpl<typeof DirectoryService>, 'getTenantSettings'> {
    getTenantSettings() {
      return create(TenantSettingsSchema, world.settings());
    }
  }

  @Module({ providers: [UsageRpc, DirectoryRpc] })
  class NeighbourModule {}

  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, 'http://127.0.0.1:1'])) as Record<ServiceName, string> });
  const service = await startService(
    { name: 'settings', defaultPort: defaultPorts.settings, module: () => NeighbourModule },
    { bus, clients, logger: createLogger({ level: 'silent' }), clock: systemClock, environment: {}, serviceToken: SERVICE_TOKEN, replica: 'neighbours' },
    { listen: true, port: 0 },
  );
  const url = service.url ?? '';
  return {
    env: { NEXUS_SETTINGS_URL: url, NEXUS_USAGE_URL: url },
    stop: async () => {
      await service.stop(1_000);
      clients.close();
    },
  };
}
