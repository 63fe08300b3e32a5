import type { ChannelBus, Message } from '@nexus/channels';
import type { OpenedAttempt } from '@nexus/contracts';
import { failpoint, type Clock } from '@nexus/core';
import { deadlineOf } from '../domain/deadline.js';
import { callOf } from '../providers/call-of.js';
import type { ProviderClient } from '../providers/provider-client.js';
import type { ProviderOutcome } from '../providers/provider-outcome.js';
import { toWirePrice } from '../providers/to-contract.js';
import type { Attempt, MadeCall } from './answer.js';
import type { AttemptOpener } from './attempt-opener.js';
import { LiveParts } from './live-parts.js';
import type { ProviderHealth } from './provider-health.js';
import type { ProviderLimits } from './provider-limits.js';
import type { RouterMetrics } from './router-metrics.js';

export interface ModelCallerParts {
  /** For live parts. */
  readonly bus: Pick<ChannelBus, 'publish'>;
  readonly clock: Clock;
  readonly client: Pick<ProviderClient, 'complete'>;
  readonly attempts: AttemptOpener;
  readonly health: ProviderHealth;
  readonly limits: ProviderLimits;
  readonly metrics: RouterMetrics;
}

/** Leave to call a provider, which must be used by `make` or given back. */
export interface Leave {
  /** Tokens that were taken from the provider's limit. */
  readonly tokens: number;
}

/** Why a provider may not be called now. */
export interface NoLeave {
  readonly why: 'breaker_open' | 'rate_limit';
  readonly waitMs: number;
}

/** Opens attempts in the ledger and makes their calls. */
export class ModelCaller {
  constructor(private readonly parts: ModelCallerParts) {}

  /** Asks the provider's limits and its breaker. */
  async leaveFor({ model }: Attempt['plan'], estimatedTokens: () => number): Promise<Leave | NoLeave> {
    const { limits, health, metrics } = this.parts;
    const tokens = model.target.limits.tokensPerMinute === undefined ? 0 : estimatedTokens();
    const waitMs = await limits.take(model.target, tokens);
    if (waitMs !== undefined) {
      metrics.skipped(model.target.name, 'rate_limit');
      return { why: 'rate_limit', waitMs };
    }
    const asked = health.ask(model.target);
    if (asked.leave !== 'none') return { tokens };
    limits.giveBack(model.target, tokens);
    metrics.skipped(model.target.name, 'breaker_open');
    return { why: 'breaker_open', waitMs: asked.waitMs };
  }

  giveBack({ plan }: Attempt, { tokens }: Leave): void {
    this.parts.health.takenBack(plan.model.target);
    this.parts.limits.giveBack(plan.model.target, tokens);
  }

  open({ message, id, plan }: Attempt): Promise<OpenedAttempt> {
    const { attribution, run } = message.payload;
    return this.parts.attempts.open({
      attemptId: id, attribution,
      tenantId: message.tenantId,
      provider: plan.model.target.name,
      model: plan.model.upstreamModel,
      maxInputTokens: BigInt(plan.maxInputTokens),
      maxOutputTokens: BigInt(plan.maxOutputTokens),
      minOutputTokens: BigInt(plan.minOutputTokens),
      price: toWirePrice(plan.price),
      runId: run?.runId ?? '',
      step: run?.step ?? 0,
    });
  }

  /** Makes the call of an attempt that the ledger has opened. Its signal stops it, and so does the request's deadline. */
  async make(attempt: Attempt, granted: number, stop: AbortController, leave: Leave): Promise<MadeCall> {
    const { bus, client, clock, health, limits, metrics } = this.parts;
    const { message, id, plan } = attempt;
    const { target } = plan.model;
    const { attemptId: askedAs } = message.payload;
    const live = message.payload.wantParts ? new LiveParts(bus, message, { wantsUsage: plan.wantsUsage, writer: plan.writerFor({ id: askedAs, now: clock.now() }) }) : undefined;
    const deadline = setTimeout(() => stop.abort(), this.leftMs(message) + 1); // then nobody waits any more
    const outcome = await client.complete(callOf(plan, granted, id), { signal: stop.signal, ...(live && { onPart: (json, chunk, event, said) => live.add(json, chunk, event, said) }) }).finally(() => clearTimeout(deadline));
    failpoint('router.after-answer');
    if (outcome.kind === 'completed') live?.end();
    else live?.flush();
    metrics.called(plan, outcome);
    health.ended(target, outcome);
    limits.used(target, tokensOf(outcome), leave.tokens);
    return { ...attempt, outcome, parts: live?.sent ?? 0 };
  }

  /** Milliseconds until nobody waits for the answer any more. */
  leftMs(message: Message<'inference.request'>): number {
    return deadlineOf(message) - this.parts.clock.now();
  }
}

function tokensOf({ usage }: ProviderOutcome): number {
  return usage ? usage.input + usage.cacheRead + usage.cacheWrite + (usage.cacheWrite1h ?? 0) + usage.output : 0;
}
