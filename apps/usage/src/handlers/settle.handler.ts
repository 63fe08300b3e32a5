import { Inject, Injectable } from '@nestjs/common';
import type { Message } from '@nexus/channels';
import { failpoint, formatUsd, type Clock } from '@nexus/core';
import { CLOCK, LOGGER, METRICS, TRACER, attributes, startMessageSpan, type Logger, type Metrics, type Span, type Tracer } from '@nexus/runtime';
import type { Settlement } from '../domain/attempt.js';
import { settlementOf } from '../domain/settlement.js';
import { AttemptRepository, type SettledRow } from '../storage/attempt.repository.js';
import { usageRecordFrom } from './usage-record.js';

/** Told by who made the call; others only found out. */
const isOwners = ({ resolution }: Settlement): boolean => resolution === '' || resolution === 'owner';

/** Books what attempts really cost. A record told again changes nothing; the first of two with one attempt counts. */
@Injectable()
export class SettleHandler {
  private readonly booked;
  private readonly odd;

  constructor(
    private readonly repository: AttemptRepository,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TRACER) private readonly tracer: Tracer,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.booked = metrics.counter('nexus_ledger_records_total', 'Rows that this process wrote into the ledger, one for each attempt and tool call that has ended.', []);
    this.odd = metrics.counter('nexus_ledger_oddities_total', 'Records that are booked but should be rare: of attempts never opened, corrected late, or dearer than what was set aside.', ['kind']);
    for (const kind of ['unopened', 'corrected', 'over_reservation']) this.odd.inc({ kind }, 0);
  }

  /** Throws when a record of the batch cannot be booked; nothing of the batch is then. */
  async handle(batch: readonly Message<'usage.recorded'>[]): Promise<void> {
    const settlements = new Map<string, Settlement>();
    for (const message of batch) {
      const settlement = settlementOf(usageRecordFrom(message));
      const key = `${settlement.tenantId} ${settlement.attemptId}`;
      const known = settlements.get(key);
      if (known === undefined || (isOwners(settlement) && !isOwners(known))) settlements.set(key, settlement);
    }
    const spans = batch.flatMap((message) => (message.trace === undefined ? [] : [this.startSpan(message, batch.length)]));
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

  /** The ledger's end of a trace: what was used, by whom, and what it cost. */
  private startSpan(message: Message<'usage.recorded'>, together: number): Span {
    const { payload } = message;
    const span = startMessageSpan(this.tracer, message, { group: 'usage', operation: 'settle', together });
    if (span.isRecording) {
      span.setAttributes({
        [attributes.attemptId]: payload.attemptId,
        [attributes.runId]: payload.runId || undefined,
        [attributes.step]: payload.step || undefined,
        [attributes.providerName]: payload.provider || undefined,
        [attributes.requestModel]: payload.model || undefined,
        [attributes.toolName]: payload.tool || undefined,
        [attributes.costMicroUsd]: settlementOf(usageRecordFrom(message)).cost,
      });
    }
    return span;
  }

  private report({ tenant_id: tenant, records, unopened, over_reservation: count, over_micro_usd: over, corrected }: SettledRow): void {
    this.booked.inc(records);
    for (const [kind, many] of [['unopened', unopened], ['corrected', corrected], ['over_reservation', count]] as const) this.odd.inc({ kind }, many);
    if (unopened > 0) this.logger.warn({ tenant, count: unopened }, 'usage was reported of attempts that were never opened; it was booked');
    if (corrected > 0) this.logger.warn({ tenant, count: corrected }, 'owners told late what attempts really cost that had been resolved otherwise; the difference was booked');
    if (count > 0) this.logger.warn({ tenant, count }, `attempts cost ${formatUsd(over)} more than was reserved for them; it was booked`);
  }
}
