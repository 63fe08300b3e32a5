import type { Clock } from '@nexus/core';
import { createModelCatalog, type ModelCatalog } from '../domain/model-catalog.js';
import type { PriceList } from '../domain/price-list.js';
import type { ProviderConfig } from '../domain/provider-config.js';
import type { Environment } from '../domain/provider-target.js';
import type { ToldModel } from '../domain/told-model.js';
import type { ProviderClient } from './provider-client.js';

/** Providers that are offered only when they answer are asked this often. */
const ASK_EVERY_MS = 30_000;
const ASK_WITHIN_MS = 2_000;

/** The models that can be called now: the configuration, with what providers in reach (a local Ollama, say) told of themselves. */
export class Models {
  catalog: ModelCatalog;
  private readonly discovered = new Map<string, readonly ToldModel[]>();
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  constructor(
    private readonly sources: { readonly providers: readonly ProviderConfig[]; readonly env: Environment; readonly prices: PriceList },
    private readonly client: ProviderClient,
    readonly clock: Clock,
  ) {
    this.catalog = createModelCatalog(sources);
  }

  /** Asks the providers that must be in reach, now and from time to time. */
  async start(): Promise<void> {
    await this.discover();
    if (this.isStopped) return;
    this.timer = setTimeout(() => void this.start(), ASK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async discover(): Promise<void> {
    const asked = this.catalog.providers.filter((state) => state.config.offeredWhen === 'reachable' && state.target);
    const before = JSON.stringify([...this.discovered]);
    await Promise.all(asked.map(async ({ config, target }) => {
      try {
        if (target) this.discovered.set(config.name, await this.client.tellModels(target, AbortSignal.timeout(ASK_WITHIN_MS)));
      } catch {
        this.discovered.delete(config.name); // not in reach: not offered
      }
    }));
    if (JSON.stringify([...this.discovered]) === before) return;
    const told = [...this.discovered].flatMap(([provider, models]) => models.map((model) => [`${provider}/${model.name}`, model] as const));
    const discovered = new Map([...this.discovered].map(([provider, models]) => [provider, models.map(({ name }) => name)] as const));
    this.catalog = createModelCatalog({ ...this.sources, discovered, told: new Map(told) });
  }
}
