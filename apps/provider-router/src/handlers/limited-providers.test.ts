import type { OutgoingMessage } from '@nexus/channels';
import { newId } from '@nexus/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProviderError } from '../providers/provider-error.js';
import { LimitedProviders } from './limited-providers.js';

const TEN_MINUTES_MS = 600_000;
let now: number;
let sent: OutgoingMessage<'events.raised'>[];
let isWanted: boolean;
let isBusAway: boolean;
beforeEach(() => {
  [now, sent, isWanted, isBusAway] = [100 * TEN_MINUTES_MS, [], true, false];
});

const replica = () => new LimitedProviders({
  clock: { now: () => now },
  settings: { wants: async () => isWanted },
  bus: {
    publish: async (message) => {
      if (isBusAway) throw new Error('away');
      sent.push(message as unknown as OutgoingMessage<'events.raised'>);
    },
  },
});
const tenantId = newId();
const limited = { tenantId, provider: 'openai', model: 'openai/gpt-5.5', reason: 'breaker_open', retryAfterMs: 1_500 } as const;
const count = () => new Promise<number>((resolve) => setImmediate(() => resolve(sent.length)));

describe('LimitedProviders', () => {
  it('tells of a provider once in ten minutes, whichever replica meets it', async () => {
    const [one, other] = [replica(), replica()];
    for (let i = 0; i < 3; i++) one.tell(limited);
    other.tell({ ...limited, reason: 'rate_limited' });
    expect(await count()).toBe(2);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(1);
    expect(sent[0]).toMatchObject({ channel: 'events.raised', tenantId, payload: { type: 'provider.limited', subject: 'openai', atMs: BigInt(now) } });
    expect(JSON.parse(sent[0]?.payload.dataJson ?? '')).toEqual({ provider: 'openai', model: 'openai/gpt-5.5', reason: 'breaker_open', retry_after_ms: 1_500 });
    now += TEN_MINUTES_MS;
    one.tell(limited);
    one.tell({ ...limited, provider: 'anthropic' });
    one.tell({ ...limited, tenantId: newId() });
    await count();
    expect(new Set(sent.map(({ id }) => id)).size).toBe(4);
  });

  it('tells nobody who did not ask for it, and tries again when the bus was away', async () => {
    isWanted = false;
    const one = replica();
    one.tell(limited);
    expect(await count()).toBe(0);
    [isWanted, isBusAway] = [true, true];
    now += TEN_MINUTES_MS;
    one.tell(limited);
    expect(await count()).toBe(0);
    isBusAway = false;
    one.tell(limited);
    expect(await count()).toBe(1);
  });

  it.each([
    ['rate_limited', 'rate_limited'],
    ['quota_exhausted', 'quota'],
  ] as const)('takes a call that failed with %s for a limit', async (code, reason) => {
    replica().failed(tenantId, 'openai/gpt-5.5', new ProviderError(code, 'no more', { provider: 'openai', wasSent: true, retryAfterMs: 2_000 }));
    expect(await count()).toBe(1);
    expect(JSON.parse(sent[0]?.payload.dataJson ?? '')).toMatchObject({ reason, retry_after_ms: 2_000 });
  });

  it('takes no other failure for one', async () => {
    replica().failed(tenantId, 'openai/gpt-5.5', new ProviderError('server_error', 'oops', { provider: 'openai', wasSent: true }));
    expect(await count()).toBe(0);
  });
});
