import { create } from '@bufbuild/protobuf';
import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { outgoing, type ChannelBus, type OutgoingMessage } from '@nexus/channels';
import { BudgetAlertSchema, EventRaisedSchema } from '@nexus/contracts';
import { deterministicId, type Clock } from '@nexus/core';
import { BUS, CLOCK, LOGGER, METRICS, TENANT_SETTINGS, type Logger, type Metrics, type TenantSettingsCache } from '@nexus/runtime';
import { alertMessage } from '../budget-messages.js';
import { budgetLevels } from '../domain/budget.js';
import type { BudgetAlert } from '../domain/budget-alert.js';
import { budgetReachedData } from '../domain/budget-reached.js';
import { BudgetAlertRepository } from '../storage/budget-alert.repository.js';

const EVERY_MS = 1_000;
const MOST_AT_ONCE = 500;

/**
 * Tells the channel `usage.alerted` of alerts, each once, also of those that a replica left behind when it died; and those outside who asked for
 * it of budgets that were reached.
 */
@Injectable()
export class AlertSweep implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly told;
  private timer: NodeJS.Timeout | undefined;
  private underWay: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly alerts: BudgetAlertRepository,
    @Inject(BUS) private readonly bus: ChannelBus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TENANT_SETTINGS) private readonly settings: TenantSettingsCache,
    @Inject(METRICS) metrics: Metrics,
  ) {
    this.told = metrics.counter('nexus_budget_alerts_total', 'Alerts that this process told: budgets that were reached or lifted, and calls that cost more than was set aside.', ['kind', 'level']);
    for (const level of budgetLevels) this.told.inc({ kind: 'reached', level }, 0);
  }

  onApplicationBootstrap(): void {
    this.timer = setTimeout(() => {
      this.underWay = this.once()
        .catch((error: unknown) => this.logger.warn({ error }, 'budget alerts could not be told; they stay'))
        .finally(() => {
          if (!this.isStopped) this.onApplicationBootstrap();
        });
    }, EVERY_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.underWay;
  }

  /** Tells all that there is to be told now. */
  async once(): Promise<void> {
    for (;;) {
      const told = await this.alerts.tellNew((tenantId, alerts) => this.tell(tenantId, alerts), this.clock.now(), MOST_AT_ONCE);
      for (const { kind, level } of told) this.told.inc({ kind, level });
      if (told.length < MOST_AT_ONCE) return;
    }
  }

  private async tell(tenantId: string, alerts: readonly BudgetAlert[]): Promise<void> {
    const messages = alerts.map((alert) => outgoing({ channel: 'usage.alerted', id: alert.id, tenantId, payload: create(BudgetAlertSchema, alertMessage(alert)) }));
    const reached = alerts.filter(({ kind }) => kind === 'reached');
    const isWanted = reached.length > 0 && (await this.settings.wants(tenantId, 'budget.reached'));
    await this.bus.publishAll(isWanted ? [...messages, ...reached.map((alert) => eventOf(tenantId, alert))] : messages);
  }
}

function eventOf(tenantId: string, alert: BudgetAlert): OutgoingMessage {
  return outgoing({
    channel: 'events.raised',
    id: deterministicId(alert.id, 'event', 'budget.reached'),
    tenantId,
    payload: create(EventRaisedSchema, { type: 'budget.reached', subject: alert.budget, atMs: BigInt(alert.at.getTime()), dataJson: JSON.stringify(budgetReachedData(alert)) }),
  });
}
