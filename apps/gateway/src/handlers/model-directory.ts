import type { Model } from '@nexus/contracts';
import type { Clock } from '@nexus/core';
import { ExpiringCache, asTenant, type ServiceClients } from '@nexus/runtime';
import { agentNames } from '../domain/model-list.js';

/** What a tenant can ask for. */
export interface TenantModels {
  readonly models: readonly Model[];
  readonly agents: readonly string[];
}

const KEEP_MS = 5_000;

/** The models and agents of each tenant, at most 5 s old. */
export class ModelDirectory {
  private readonly cache: ExpiringCache<TenantModels>;

  constructor(clients: Pick<ServiceClients, 'providers' | 'settings'>, clock: Clock) {
    this.cache = new ExpiringCache({ clock, keepMs: () => KEEP_MS, load: (tenantId) => load(clients, tenantId) });
  }

  of(tenantId: string): Promise<TenantModels> {
    return this.cache.get(tenantId);
  }
}

async function load(clients: Pick<ServiceClients, 'providers' | 'settings'>, tenantId: string): Promise<TenantModels> {
  const [{ models }, { values }] = await Promise.all([
    clients.providers.listModels({ tenantId }, asTenant(tenantId)),
    clients.settings.getConfig({ prefix: 'agent.' }, asTenant(tenantId)),
  ]);
  return { models, agents: agentNames(Object.keys(values)) };
}
