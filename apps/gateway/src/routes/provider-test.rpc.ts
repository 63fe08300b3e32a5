import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject, Injectable } from '@nestjs/common';
import { ProviderService, type TestProviderRequest } from '@nexus/contracts';
import { CLIENTS, RpcService, asTenant, requireAdmin, type ServiceClients } from '@nexus/runtime';

/** provider-router gives a provider 15 s. */
const TEST_WITHIN_MS = 20_000;

/** Of ProviderService, which is for services, admin keys may try a provider out: with the key that NEXUS has, and free of charge. */
@Injectable()
@RpcService(ProviderService)
export class ProviderTestRpc implements Pick<ServiceImpl<typeof ProviderService>, 'testProvider'> {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  testProvider(request: TestProviderRequest, context: HandlerContext) {
    const { tenantId, trace, requestId } = requireAdmin(context);
    return this.clients.providers.testProvider(request, asTenant(tenantId, trace, { requestId, timeoutMs: TEST_WITHIN_MS, signal: context.signal }));
  }
}
