import { create } from '@bufbuild/protobuf';
import { Inject, Injectable } from '@nestjs/common';
import { outgoing, type ChannelBus } from '@nexus/channels';
import { AuditRecordedSchema, AuditRecorded_Risk } from '@nexus/contracts';
import { AppError, newId, type Clock, type TraceContext } from '@nexus/core';
import { BUS, CLOCK, LOGGER, type Logger } from '@nexus/runtime';
import { budgetOn, type Budget, type BudgetTerms, type BudgetToday } from '../domain/budget.js';
import { dayOf } from '../domain/budget-window.js';
import { BudgetRepository, type BudgetChanges } from '../storage/budget.repository.js';

/** Who changes budgets, and of which tenant. */
export interface BudgetOwner {
  readonly tenantId: string;
  /** `key:<id>` or `service`. */
  readonly actor: string;
  readonly trace: TraceContext | undefined;
}

/** Changes budgets, and tells the audit. When telling fails the change stands. Each answers all of the tenant's budgets. */
@Injectable()
export class ChangeBudgetsHandler {
  constructor(
    private readonly budgets: BudgetRepository,
    @Inject(BUS) private readonly bus: ChannelBus,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Makes the budget of that name, or changes it. */
  async set(owner: BudgetOwner, terms: BudgetTerms): Promise<BudgetToday[]> {
    const now = this.clock.now();
    const changes = await this.budgets.set(owner.tenantId, terms, dayOf(now));
    const [before, after] = [changes.before, changes.after].map((budgets) => termsOf(named(budgets, terms.name)));
    if (before !== after) await this.tell(owner, 'budget.set', terms.name, before, after, now);
    return this.today(changes, now);
  }

  /** Throws AppError `budget_not_found` (404). */
  async delete(owner: BudgetOwner, name: string): Promise<BudgetToday[]> {
    const now = this.clock.now();
    const changes = await this.budgets.delete(owner.tenantId, name);
    const gone = named(changes.before, name);
    if (gone === undefined) throw notFound(name);
    await this.tell(owner, 'budget.delete', name, termsOf(gone), termsOf(undefined), now);
    return this.today(changes, now);
  }

  /** Lifts a critical budget for so many seconds; 0 ends that. Throws AppError `budget_not_found` (404) or `budget_not_critical` (400). */
  async lift(owner: BudgetOwner, name: string, seconds: number, reason: string): Promise<BudgetToday[]> {
    const now = this.clock.now();
    const until = seconds === 0 ? undefined : now + seconds * 1_000;
    const changes = await this.budgets.lift(owner.tenantId, name, until, owner.actor, now);
    const known = named(changes.before, name);
    if (known === undefined) throw notFound(name);
    if (known.level !== 'critical') throw new AppError('budget_not_critical', `The budget "${name}" is ${known.level}: only a critical one can be lifted. Raise it instead.`, { status: 400, param: 'name' });
    const after = JSON.stringify({ lifted_until: until === undefined ? null : new Date(until).toISOString(), reason });
    await this.tell(owner, 'budget.lift', name, JSON.stringify({ lifted_until: known.liftedUntil?.toISOString() ?? null }), after, now);
    return this.today(changes, now);
  }

  private today({ after }: BudgetChanges, now: number): BudgetToday[] {
    return after.map((budget) => budgetOn(budget, dayOf(now)));
  }

  private async tell({ tenantId, actor, trace }: BudgetOwner, action: string, subject: string, before = '', after = '', now: number): Promise<void> {
    const payload = create(AuditRecordedSchema, { actor, action, subject, before, after, risk: AuditRecorded_Risk.HIGH, atMs: BigInt(now) });
    try {
      await this.bus.publish(outgoing({ channel: 'audit.recorded', id: newId(), tenantId, trace, payload }));
    } catch (error) {
      this.logger.warn({ tenant: tenantId, action, error }, 'a budget was changed, but the audit could not be told');
    }
  }
}

function notFound(name: string): AppError {
  return new AppError('budget_not_found', `There is no budget "${name}".`, { status: 404, param: 'name' });
}

/** The budget itself, not one of its uses, which follow it. */
function named(budgets: readonly Budget[], name: string): Budget | undefined {
  return budgets.find((budget) => budget.name === name);
}

function termsOf(budget: Budget | undefined): string {
  if (budget === undefined) return 'null';
  const { period, limit, scope, subject, level, whenReached, exemptAgents } = budget;
  return JSON.stringify({
    period, limit_micro_usd: limit, ...(scope !== 'tenant' && { scope, subject }), ...(level !== 'hard' && { level }),
    ...(whenReached !== 'refuse' && { when_reached: whenReached }), ...(exemptAgents.length > 0 && { exempt_agents: exemptAgents }),
  });
}
