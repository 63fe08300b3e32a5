import { create } from '@bufbuild/protobuf';
import { Inject } from '@nestjs/common';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { ListModelsResponseSchema, ListProvidersResponseSchema, ProviderService, TestProviderResponseSchema, toWireError, type ListModelsRequest, type TestProviderRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { RpcService, TENANT_SETTINGS, requireService, type TenantSettingsCache } from '@nexus/runtime';
import { toWirePrice } from './providers/to-contract.js';
import { Models } from './providers/models.js';
import { OpenAiCompatibleClient } from './providers/openai-compatible/openai-compatible-client.js';

const TEST_WITHIN_MS = 15_000;

/** What the other services ask about models and providers; never tells a key. */
@RpcService(ProviderService)
export class ProviderRouterRpc implements ServiceImpl<typeof ProviderService> {
  constructor(
    private readonly models: Models,
    private readonly client: OpenAiCompatibleClient,
    @Inject(TENANT_SETTINGS) private readonly tenantSettings: TenantSettingsCache,
  ) {}

  /** What the tenant can call; without a tenant, what NEXUS can. */
  async listModels({ tenantId }: ListModelsRequest, context: HandlerContext) {
    requireService(context);
    const { catalog } = this.models;
    const disabled = tenantId === '' ? [] : (await this.tenantSettings.get(tenantId)).disabledProviders;
    return create(ListModelsResponseSchema, {
      models: catalog.list().flatMap(({ id, provider }) => {
        if (disabled.includes(provider)) return [];
        const model = known(() => catalog.resolve(`${provider}/${id}`));
        return model ? [{ id: `${provider}/${id}`, provider, price: toWirePrice(model.price), contextWindow: BigInt(model.contextWindow ?? 0), maxOutputTokens: BigInt(model.maxOutputTokens ?? 0) }] : [];
      }),
    });
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
      const models = await this.client.listModels(state.target, AbortSignal.timeout(TEST_WITHIN_MS));
      return create(TestProviderResponseSchema, { ok: true, models, durationMs: BigInt(this.models.clock.now() - began) });
    } catch (error) {
      return create(TestProviderResponseSchema, { ok: false, error: toWireError(AppError.from(error)), durationMs: BigInt(this.models.clock.now() - began) });
    }
  }
}

/** A listed model whose price nobody knows cannot be called: it is not listed. */
function known<T>(resolve: () => T): T | undefined {
  try {
    return resolve();
  } catch {
    return undefined;
  }
}
