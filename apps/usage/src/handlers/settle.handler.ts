import { Inject, Injectable } from '@nestjs/common';
import type { Message } from '@nexus/channels';
import { failpoint, formatUsd, type Clock } from '@nexus/core';
import { CLOCK, LOGGER, TRACER, attributes, type Logger, type Span, type Tracer } from '@nexus/runtime';
import type { Settlement } from '../domain/attempt.js';
import { settlementOf } from '../domain/settlement.js';
import { AttemptRepository, type SettledRow } from '../storage/attempt.repository.js';
import { usageRecordFrom } from './usage-record.js';

/** Told by who made the call; others only found out. */
const isOwners = ({ resolution }: Settlement): boolean => resolution === '' || resolution === 'owner';

/** Books what attempts really cost. A record told again changes nothing; the first of two with one attempt counts. */
@Injectable()
export class SettleHandler {
  constructor(
    private readonly repository: AttemptRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRACER) private readonly tracer: Tracer,
  ) {}

  /** Throws when a record of the batch cannot be booked; nothing of the batch is then. */
  async handle(batch: readonly Message<'usage.recorded'>[]): Promise<void> {
    const settlements = new Map<string, Settlement>();
    for (const message of batch) {
      const settlement = settlementOf(usageRecordFrom(message));
      const key = `${settlement.tenantId} ${settlement.attemptId}`;
      const known = settlements.get(key);
      if (known === undefined || (isOwners(settlement) && !isOwners(known))) settlements.set(key, settlement);
    }
    const spans = batch.flatMap((message) => (message.trace === undefined ? [] : [this.startSpan(message)]));
    try {
      failpoint('usage.before-settle');
      const rows = await this.repository.settle([...settlements.values()], this.clock.now());
      failpoint('usage.after-settle');
      for (const row of rows) this.report(row);
    } catch (error) {
      for (const span of spans) span.recordError(error);
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  }

  private startSpan({ payload, tenantId, trace }: Message<'usage.recorded'>): Span {
    const span = this.tracer.startSpan('settle usage.recorded', { kind: 'consumer', parent: trace });
    if (span.isRecording) {
      span.setAttributes({
        [attributes.destinationName]: 'usage.recorded',
        [attributes.messagingOperationType]: 'settle',
        [attributes.attemptId]: payload.attemptId,
        [attributes.tenantId]: tenantId,
        [attributes.runId]: payload.runId || undefined,
      });
    }
    return span;
  }

  private report({ tenant_id: tenant, unopened, over_reservation: count, over_micro_usd: over, corrected }: SettledRow): void {
    if (unopened > 0) this.logger.warn({ tenant, count: unopened }, 'usage was reported of attempts that were never opened; it was booked');
    if (corrected > 0) this.logger.warn({ tenant, count: corrected }, 'owners told late what attempts really cost that had been resolved otherwise; the difference was booked');
    if (count > 0) this.logger.warn({ tenant, count }, `attempts cost ${formatUsd(over)} more than was reserved for them; it was booked`);
  }
}
