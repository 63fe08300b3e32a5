import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type Message } from '@nexus/channels';
import { ProviderHealthSchema, ProviderHealth_State as State } from '@nexus/contracts';
import { newId, type Clock } from '@nexus/core';
import type { Logger } from '@nexus/runtime';
import type { ProviderTarget } from '../domain/provider-target.js';
import { answered, ask, closed, failed, told, unprobed, type Breaker, type Leave } from '../domain/routing/circuit-breaker.js';
import type { ProviderOutcome } from '../providers/provider-outcome.js';
import type { RouterMetrics } from './router-metrics.js';

export interface ProviderHealthParts {
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: RouterMetrics;
  /** Names this life of this replica. */
  readonly replica: string;
}

type Provider = Pick<ProviderTarget, 'name' | 'breaker'>;

/** What a provider failed with through no fault of the request. */
const ITS_OWN_FAILURES: ReadonlySet<string> = new Set(['connection', 'connection_lost', 'timeout', 'server_error', 'overloaded', 'bad_response', 'cut_stream']);

/** The breakers of the providers. Each replica counts for itself, and tells the others when one opens, is tried, or closes. */
export class ProviderHealth {
  private readonly breakers = new Map<string, Breaker>();

  constructor(private readonly parts: ProviderHealthParts) {}

  /** Asks for leave to make one call, of which `ended` or `takenBack` must be told. */
  ask(provider: Provider): Pick<Leave, 'leave' | 'waitMs'> {
    const before = this.breakers.get(provider.name);
    if (before === undefined) return CALL;
    const leave = ask(before, this.parts.clock.now());
    this.become(provider, before, leave.breaker);
    return leave;
  }

  /** How a call ended. */
  ended(provider: Provider, outcome: ProviderOutcome): void {
    const before = this.breakers.get(provider.name) ?? closed;
    if (outcome.kind === 'failed' && outcome.error.code === 'cancelled') return this.takenBack(provider);
    const isFailure = outcome.kind === 'failed' && ITS_OWN_FAILURES.has(outcome.error.code);
    this.become(provider, before, isFailure ? failed(before, provider.breaker, this.parts.clock.now()) : answered(before));
  }

  /** The call that was given leave was not made. */
  takenBack(provider: Provider): void {
    const before = this.breakers.get(provider.name);
    if (before) this.become(provider, before, unprobed(before, this.parts.clock.now()), true);
  }

  /** What other replicas have found out. */
  hear(batch: readonly Message<'provider.health'>[]): void {
    const now = this.parts.clock.now();
    for (const { payload } of batch) {
      const kind = kindOf(payload.state);
      if (kind === undefined || payload.replica === this.parts.replica) continue;
      const before = this.breakers.get(payload.provider) ?? closed;
      this.keep(payload.provider, told(before, { kind, until: now + Number(payload.forMs), times: payload.times }));
    }
  }

  private become(provider: Provider, before: Breaker, after: Breaker, isQuiet = false): void {
    if (after === before) return;
    this.keep(provider.name, after);
    if (isQuiet || (after.kind === before.kind && after.kind === 'closed')) return;
    const { bus, clock, logger, replica } = this.parts;
    const forMs = after.kind === 'closed' ? 0 : Math.max(0, after.until - clock.now());
    logger.warn({ provider: provider.name, state: after.kind, for_ms: forMs }, 'the breaker of a provider has changed');
    const payload = create(ProviderHealthSchema, { provider: provider.name, state: stateOf(after.kind), forMs: BigInt(forMs), times: after.kind === 'closed' ? 0 : after.times, replica });
    bus.publish(outgoing({ channel: 'provider.health', id: newId(), payload })).catch(() => undefined); // the others find out by themselves
  }

  private keep(name: string, breaker: Breaker): void {
    if (breaker.kind !== 'closed' || this.breakers.has(name)) this.parts.metrics.breaker(name, breaker.kind !== 'closed');
    if (breaker === closed) this.breakers.delete(name);
    else this.breakers.set(name, breaker);
  }
}

const CALL = { leave: 'call', waitMs: 0 } as const;

function stateOf(kind: Breaker['kind']): State {
  return kind === 'closed' ? State.CLOSED : kind === 'open' ? State.OPEN : State.PROBING;
}

function kindOf(state: State): Breaker['kind'] | undefined {
  switch (state) {
    case State.CLOSED: return 'closed';
    case State.OPEN: return 'open';
    case State.PROBING: return 'probing';
    case State.UNSPECIFIED: return undefined;
    default: return undefined; // a newer version's word
  }
}
