import type { Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import type { ProviderTarget } from '../domain/provider-target.js';
import type { BucketStore } from '../storage/bucket.store.js';
import { within } from './within.js';

type Provider = Pick<ProviderTarget, 'name' | 'limits'>;

/** A bucket holds what flows in within this: in any minute a provider gets at most so much more than its limit. */
const CAPACITY_SECONDS = 10;
/** What a replica takes at once beyond its need. */
const CHUNK_SECONDS = 1;
const MINUTE_SECONDS = 60;
/** Where the database cannot be asked, or stands still, calls are let through: the provider itself refuses what is too much. */
const OPEN_FOR_MS = 1_000;
const LEASED_WITHIN_MS = 1_000;

function capacityOf(perMinute: number): number {
  return Math.max(1, (perMinute / MINUTE_SECONDS) * CAPACITY_SECONDS);
}

/** What a replica has of a bucket. */
class Share {
  left = 0;
  /** Nothing is to be had before, Unix milliseconds. */
  emptyUntil = 0;
  /** The database is away: all is let through until then. */
  openUntil = 0;
  leasing: Promise<void> | undefined;
}

/**
 * How many requests and tokens a minute each provider gets from all replicas together (`limits` in providers.yaml). A replica leases some
 * at a time, so that most calls wait for nobody.
 */
export class ProviderLimits {
  private readonly shares = new Map<string, Share>();

  constructor(private readonly parts: { readonly store: Pick<BucketStore, 'lease'>; readonly clock: Clock; readonly logger: Logger }) {}

  /** Takes one request and its tokens, or tells after how many milliseconds they may be there. Undefined: go ahead. */
  async take(provider: Provider, tokens: number): Promise<number | undefined> {
    const { requestsPerMinute, tokensPerMinute } = provider.limits;
    if (requestsPerMinute === undefined && tokensPerMinute === undefined) return undefined;
    const waitMs = await this.takeFrom(`${provider.name} requests`, requestsPerMinute, 1);
    if (waitMs !== undefined) return waitMs;
    const waitForTokensMs = await this.takeFrom(`${provider.name} tokens`, tokensPerMinute, Math.max(1, tokens));
    if (waitForTokensMs !== undefined) this.give(`${provider.name} requests`, requestsPerMinute, 1);
    return waitForTokensMs;
  }

  /** The call used so many tokens, of which this many had been taken. */
  used(provider: Provider, tokens: number, taken: number): void {
    this.give(`${provider.name} tokens`, provider.limits.tokensPerMinute, taken - tokens);
  }

  /** What was taken was not needed: no call was made. */
  giveBack(provider: Provider, tokens: number): void {
    this.give(`${provider.name} requests`, provider.limits.requestsPerMinute, 1);
    this.give(`${provider.name} tokens`, provider.limits.tokensPerMinute, Math.max(1, tokens));
  }

  private give(id: string, perMinute: number | undefined, amount: number): void {
    if (perMinute === undefined) return;
    const share = this.shareOf(id);
    // no more than a bucket holds: while the database is away, calls give back what they have not taken
    share.left = Math.min(share.left + amount, Math.max(share.left, capacityOf(perMinute)));
  }

  private async takeFrom(id: string, perMinute: number | undefined, amount: number): Promise<number | undefined> {
    if (perMinute === undefined) return undefined;
    const share = this.shareOf(id);
    for (;;) {
      const now = this.parts.clock.now();
      if (share.left >= amount) {
        share.left -= amount;
        return undefined;
      }
      if (share.openUntil > now) return undefined;
      if (share.emptyUntil > now) return share.emptyUntil - now;
      share.leasing ??= this.lease(id, share, perMinute, amount - share.left).finally(() => (share.leasing = undefined));
      if (await within(share.leasing.then(() => true), LEASED_WITHIN_MS, false)) continue;
      this.parts.logger.warn({ bucket: id }, 'the limits of a provider are not kept while the database stands still');
      share.openUntil = this.parts.clock.now() + OPEN_FOR_MS;
      return undefined;
    }
  }

  /** Never rejects. */
  private async lease(id: string, share: Share, perMinute: number, need: number): Promise<void> {
    const { store, clock, logger } = this.parts;
    const perSecond = perMinute / MINUTE_SECONDS;
    try {
      const { granted, waitMs } = await store.lease({ id, perSecond, capacity: capacityOf(perMinute), need, want: need + Math.floor(perSecond * CHUNK_SECONDS) });
      share.left += granted;
      if (granted === 0) share.emptyUntil = clock.now() + Math.max(1, waitMs);
    } catch (error) {
      logger.warn({ bucket: id, error }, 'the limits of a provider cannot be kept while the database is away');
      share.openUntil = clock.now() + OPEN_FOR_MS;
    }
  }

  private shareOf(id: string): Share {
    const known = this.shares.get(id);
    if (known) return known;
    const share = new Share();
    this.shares.set(id, share);
    return share;
  }
}
