import { create } from '@bufbuild/protobuf';
import { Inject, Injectable } from '@nestjs/common';
import { outgoing, type ChannelBus } from '@nexus/channels';
import { AuditRecordedSchema, AuditRecorded_Risk } from '@nexus/contracts';
import { newId, type Clock, type MicroUsd, type TraceContext } from '@nexus/core';
import { BUS, CLOCK, LOGGER, type Logger } from '@nexus/runtime';
import { budgetOn, type Budget, type BudgetToday } from '../domain/budget.js';
import { dayOf, type BudgetPeriod } from '../domain/budget-window.js';
import { BudgetRepository } from '../storage/budget.repository.js';

export interface BudgetChange {
  readonly tenantId: string;
  /** `key:<id>` or `service`. */
  readonly actor: string;
  readonly trace: TraceContext | undefined;
  readonly name: string;
  readonly period: BudgetPeriod;
  readonly limit: MicroUsd;
}

/** Makes or changes a budget, and tells the audit. When telling fails the change stands. */
@Injectable()
export class SetBudgetHandler {
  constructor(
    private readonly budgets: BudgetRepository,
    @Inject(BUS) private readonly bus: ChannelBus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Answers all of the tenant's budgets. */
  async handle(change: BudgetChange): Promise<BudgetToday[]> {
    const now = this.clock.now();
    const today = dayOf(now);
    const { before, after } = await this.budgets.set(change.tenantId, change.name, change.period, change.limit, today);
    await this.tell(change, before, after, now);
    return after.map((budget) => budgetOn(budget, today));
  }

  private async tell(change: BudgetChange, before: readonly Budget[], after: readonly Budget[], now: number): Promise<void> {
    const { tenantId, actor, trace, name } = change;
    const [old, made] = [before, after].map((budgets) => limitsOf(budgets.find((budget) => budget.name === name)));
    if (old === made) return;
    const payload = create(AuditRecordedSchema, { actor, action: 'budget.set', subject: name, before: old ?? '', after: made ?? '', risk: AuditRecorded_Risk.HIGH, atMs: BigInt(now) });
    try {
      await this.bus.publish(outgoing({ channel: 'audit.recorded', id: newId(), tenantId, trace, payload }));
    } catch (error) {
      this.logger.warn({ tenant: tenantId, error }, 'a budget was set, but the audit could not be told');
    }
  }
}

function limitsOf(budget: Budget | undefined): string {
  return budget === undefined ? 'null' : JSON.stringify({ period: budget.period, limit_micro_usd: budget.limit });
}
