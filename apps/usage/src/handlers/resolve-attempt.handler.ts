import { create } from '@bufbuild/protobuf';
import { Inject, Injectable } from '@nestjs/common';
import { outgoing, type ChannelBus } from '@nexus/channels';
import { AuditRecordedSchema, AuditRecorded_Risk } from '@nexus/contracts';
import { AppError, newId, type Clock, type MicroUsd, type TraceContext } from '@nexus/core';
import { BUS, CLOCK, LOGGER, type Logger } from '@nexus/runtime';
import { UnsettledRepository } from '../storage/unsettled.repository.js';

export interface ManualResolution {
  readonly tenantId: string;
  /** `key:<id>` or `service`. */
  readonly actor: string;
  readonly trace: TraceContext | undefined;
  readonly attemptId: string;
  readonly cost: MicroUsd;
}

/** Settles an UNKNOWN attempt by hand, and tells the audit. When telling fails the resolution stands. */
@Injectable()
export class ResolveAttemptHandler {
  constructor(
    private readonly unsettled: UnsettledRepository,
    @Inject(BUS) private readonly bus: ChannelBus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Throws AppError `attempt_not_unknown` (404) when the tenant has no such attempt, or it is not UNKNOWN. */
  async handle({ tenantId, actor, trace, attemptId, cost }: ManualResolution): Promise<void> {
    const now = this.clock.now();
    const resolved = await this.unsettled.resolve([{ tenantId, attemptId }], { resolution: 'manual', cost }, now);
    if (resolved === 0) throw new AppError('attempt_not_unknown', 'There is no UNKNOWN attempt of that id. ListAttempts with `unknown` shows those that there are.', { status: 404, param: 'attempt_id' });
    const payload = create(AuditRecordedSchema, {
      actor, action: 'attempt.resolve', subject: attemptId, before: JSON.stringify({ state: 'unknown' }), after: JSON.stringify({ state: 'settled', cost_micro_usd: cost }),
      risk: AuditRecorded_Risk.HIGH, atMs: BigInt(now),
    });
    try {
      await this.bus.publish(outgoing({ channel: 'audit.recorded', id: newId(), tenantId, trace, payload }));
    } catch (error) {
      this.logger.warn({ tenant: tenantId, error }, 'an attempt was resolved by hand, but the audit could not be told');
    }
  }
}
