import { create } from '@bufbuild/protobuf';
import { Inject } from '@nestjs/common';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { ListModelsResponseSchema, ListProvidersResponseSchema, ProviderService, TenantSettingsSchema, TestProviderResponseSchema, toWireError, type ListModelsRequest, type TestProviderRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { RpcService, TENANT_SETTINGS, requireService, type TenantSettingsCache } from '@nexus/runtime';
import { ModelListing } from './handlers/model-listing.js';
import { Models } from './providers/models.js';
import { ProviderClient } from './providers/provider-client.js';

const TEST_WITHIN_MS = 15_000;
/** Of nobody in particular. */
const NO_SETTINGS = create(TenantSettingsSchema);

/** What the other services ask about models and providers; never tells a key. */
@RpcService(ProviderService)
export class ProviderRouterRpc implements ServiceImpl<typeof ProviderService> {
  constructor(
    private readonly models: Models,
    private readonly client: ProviderClient,
    private readonly listing: ModelListing,
    @Inject(TENANT_SETTINGS) private readonly tenantSettings: TenantSettingsCache,
  ) {}

  /** What the tenant can call; without a tenant, what NEXUS can. */
  async listModels({ tenantId }: ListModelsRequest, context: HandlerContext) {
    requireService(context);
    const settings = tenantId === '' ? NO_SETTINGS : await this.tenantSettings.get(tenantId);
    return create(ListModelsResponseSchema, { models: [...this.listing.list(settings)] });
  }

  async listProviders(_request: unknown, context: HandlerContext) {
    requireService(context);
    const { catalog } = this.models;
    return create(ListProvidersResponseSchema, {
      providers: catalog.providers.map(({ config, target }) => ({
        name: config.name,
        baseUrl: target?.baseUrl ?? config.baseUrl ?? '',
        isConfigured: target !== undefined && (config.offeredWhen !== 'reachable' || catalog.list().some((model) => model.provider === config.name)),
        keyVariable: config.keyEnv.join(' or '),
        models: catalog.list().filter((model) => model.provider === config.name).map((model) => model.id),
      })),
    });
  }

  async testProvider({ provider }: TestProviderRequest, context: HandlerContext) {
    requireService(context);
    const state = this.models.catalog.providers.find(({ config }) => config.name === provider);
    if (!state) throw new AppError('provider_not_found', `There is no provider "${provider}" in providers.yaml.`, { status: 404, param: 'provider' });
    if (!state.target) throw new AppError('provider_not_configured', `"${provider}" is not set up: ${state.missing}.`, { status: 400, param: 'provider' });
    const began = this.models.clock.now();
    try {
      const models = await this.client.tellModels(state.target, AbortSignal.timeout(TEST_WITHIN_MS));
      return create(TestProviderResponseSchema, { ok: true, models: models.map(({ name }) => name), durationMs: BigInt(this.models.clock.now() - began) });
    } catch (error) {
      return create(TestProviderResponseSchema, { ok: false, error: toWireError(AppError.from(error)), durationMs: BigInt(this.models.clock.now() - began) });
    }
  }
}
