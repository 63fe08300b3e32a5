import { Controller, Inject, type Type } from '@nestjs/common';
import type { ChannelBus, Message, OutgoingMessage } from '@nexus/channels';
import { BUS, ConsumesEach, Follows } from '@nexus/runtime';
import { AppError } from '@nexus/core';
import { refusalOf } from './handlers/answer.js';
import { CallsUnderWay } from './handlers/calls-under-way.js';
import { CompleteHandler } from './handlers/complete.handler.js';
import { KeyedCompletions } from './handlers/keyed-completions.js';
import { ProviderHealth } from './handlers/provider-health.js';

/** A call cannot be handed over, so it has this share of the grace period to finish; the rest is for booking what was broken off. */
const FINISH_SHARE = 0.7;

/** Channels in: inference.request, of which so many are under way at once; inference.cancel; inference.repeat; provider.health. */
export function providerRouterConsumer(concurrency: number): Type {
  @Controller()
  class ProviderRouterConsumer {
    constructor(
      @Inject(CompleteHandler) private readonly complete: CompleteHandler,
      @Inject(KeyedCompletions) private readonly keyed: KeyedCompletions,
      @Inject(CallsUnderWay) private readonly calls: CallsUnderWay,
      @Inject(ProviderHealth) private readonly health: ProviderHealth,
      @Inject(BUS) private readonly bus: ChannelBus,
    ) {}

    @ConsumesEach('inference.request', {
      concurrency,
      abortAfter: FINISH_SHARE,
      replyToDeadLetter: ({ message, reasonCode, reason }) => (message ? [refusalOf(message, new AppError(reasonCode, reason))] : []),
    })
    async onRequest(message: Message<'inference.request'>, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
      return (message.payload.idempotencyHash === '' ? this.complete : this.keyed).handle(message, signal);
    }

    /** A follower acknowledges nothing: what cannot be published is asked for again by the run. */
    @Follows('inference.repeat')
    onRepeat(batch: readonly Message<'inference.repeat'>[]): void {
      const answers = batch.flatMap((message) => this.complete.repeat(message));
      if (answers.length > 0) this.bus.publishAll(answers).catch(() => undefined);
    }

    @Follows('provider.health')
    onHealth(batch: readonly Message<'provider.health'>[]): void {
      this.health.hear(batch);
    }

    @Follows('inference.cancel')
    onCancel(batch: readonly Message<'inference.cancel'>[]): void {
      for (const { payload, timestamp } of batch) {
        if (payload.target.case === 'attemptId') this.calls.cancelAttempt(payload.target.value, timestamp);
        if (payload.target.case === 'runId') this.calls.cancelRun(payload.target.value);
      }
    }
  }
  return ProviderRouterConsumer;
}
