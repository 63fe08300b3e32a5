import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus } from '@nexus/channels';
import { EventRaisedSchema } from '@nexus/contracts';
import { deterministicId, type Clock } from '@nexus/core';
import type { TenantSettingsCache } from '@nexus/runtime';
import type { ProviderError } from '../providers/provider-error.js';

/** Why a provider let less through than was asked of it. */
export type LimitReason = 'rate_limited' | 'breaker_open' | 'quota';

/** A provider that could not be asked, or said that it had enough. */
export interface LimitedProvider {
  readonly tenantId: string;
  readonly provider: string;
  readonly model: string;
  readonly reason: LimitReason;
  /** Milliseconds; undefined when nobody said. */
  readonly retryAfterMs: number | undefined;
}

export interface LimitedProvidersParts {
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly clock: Clock;
  readonly settings: Pick<TenantSettingsCache, 'wants'>;
}

/** A tenant is told of a provider once in each of these, counted from the full hour, by all replicas together. */
const ONCE_IN_MS = 600_000;
const MOST_REMEMBERED = 10_000;

/** Tells those outside who asked for it that a provider is limited: the event `provider.limited`. Best effort; no request waits for it. */
export class LimitedProviders {
  /** By tenant and provider: the ten minutes in which it was told last. */
  private readonly told = new Map<string, number>();

  constructor(private readonly parts: LimitedProvidersParts) {}

  /** What a failed call says of its provider, if that is that it has had enough. */
  failed(tenantId: string, model: string, error: ProviderError): void {
    const reason = error.code === 'rate_limited' ? 'rate_limited' : error.code === 'quota_exhausted' ? 'quota' : undefined;
    if (reason !== undefined) this.tell({ tenantId, model, reason, provider: error.provider, retryAfterMs: error.retryAfterMs });
  }

  tell(limited: LimitedProvider): void {
    const now = this.parts.clock.now();
    const place = Math.floor(now / ONCE_IN_MS);
    const key = `${limited.tenantId} ${limited.provider}`;
    if (this.told.get(key) === place) return;
    if (this.told.size >= MOST_REMEMBERED) this.told.clear();
    this.told.set(key, place);
    this.raise(limited, now, place).catch(() => this.told.delete(key)); // the next one tells it
  }

  private async raise({ tenantId, provider, model, reason, retryAfterMs }: LimitedProvider, now: number, place: number): Promise<void> {
    if (!(await this.parts.settings.wants(tenantId, 'provider.limited'))) return;
    const data = { provider, model, reason, retry_after_ms: retryAfterMs ?? null };
    await this.parts.bus.publish(outgoing({
      channel: 'events.raised',
      // Whichever replica tells it first: the same id again is delivered to nobody.
      id: deterministicId(tenantId, 'event', 'provider.limited', provider, place),
      tenantId,
      payload: create(EventRaisedSchema, { type: 'provider.limited', subject: provider, atMs: BigInt(now), dataJson: JSON.stringify(data) }),
    }));
  }
}
