import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject, Injectable } from '@nestjs/common';
import { UsageService, type DeleteBudgetRequest, type GetUsageRequest, type LiftBudgetRequest, type ListAttemptsRequest, type ListBudgetAlertsRequest, type ListLedgerRequest, type OpenAttemptsRequest, type ReportOwnerRequest, type ResolveAttemptRequest, type SetBudgetRequest } from '@nexus/contracts';
import { AppError, isUuid, type Clock } from '@nexus/core';
import { CLOCK, RpcService, requireAdmin, requireService, requireTenant, type Caller } from '@nexus/runtime';
import { alertMessage, budgetMessage } from './budget-messages.js';
import { budgetOn, type BudgetToday } from './domain/budget.js';
import { dayOf } from './domain/budget-window.js';
import { ledgerQueryFrom, placeText } from './domain/ledger-query.js';
import { usageQueryFrom } from './domain/usage-query.js';
import { alertLimitFrom, budgetNameFrom, budgetRequestFrom, liftRequestFrom } from './handlers/budget-request.js';
import { ChangeBudgetsHandler, type BudgetOwner } from './handlers/change-budgets.handler.js';
import { OpenAttemptsHandler } from './handlers/open-attempts.handler.js';
import { ownerReportFrom } from './handlers/owner-report.js';
import { plannedAttemptsFrom } from './handlers/planned-attempt.js';
import { ReportOwnerHandler } from './handlers/report-owner.handler.js';
import { resolutionRequestFrom } from './handlers/resolution-request.js';
import { ResolveAttemptHandler } from './handlers/resolve-attempt.handler.js';
import { RunQuotas } from './handlers/run-quotas.js';
import { ledgerMessage, usageMessage } from './report-messages.js';
import { AttemptRepository } from './storage/attempt.repository.js';
import { BudgetAlertRepository } from './storage/budget-alert.repository.js';
import { BudgetRepository } from './storage/budget.repository.js';
import { LedgerPages } from './storage/ledger-pages.js';
import { UsageReport } from './storage/usage-report.js';
import { attemptMessage, openedMessage, unknownMessage } from './usage-messages.js';

/** OpenAttempts and ReportOwner are for services, whose attempts name their tenants; the rest answers for the caller's tenant, and only an admin key changes budgets. */
@Injectable()
@RpcService(UsageService)
export class UsageRpc implements ServiceImpl<typeof UsageService> {
  constructor(
    private readonly opening: OpenAttemptsHandler,
    private readonly reporting: ReportOwnerHandler,
    private readonly changing: ChangeBudgetsHandler,
    private readonly resolving: ResolveAttemptHandler,
    private readonly attempts: AttemptRepository,
    private readonly budgets: BudgetRepository,
    private readonly alerts: BudgetAlertRepository,
    private readonly report: UsageReport,
    private readonly ledger: LedgerPages,
    private readonly runQuotas: RunQuotas,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async openAttempts(request: OpenAttemptsRequest, context: HandlerContext) {
    requireService(context);
    const opened = await this.opening.handle(plannedAttemptsFrom(request.attempts));
    return { attempts: opened.map(openedMessage) };
  }

  async reportOwner(request: ReportOwnerRequest, context: HandlerContext) {
    requireService(context);
    const { yours, unknown, isSuperseded } = await this.reporting.handle(ownerReportFrom(request));
    return { yours: [...yours], unknown: unknown.map(unknownMessage), isSuperseded };
  }

  async getUsage(request: GetUsageRequest, context: HandlerContext) {
    const { rows, total } = await this.report.sum(requireTenant(context).tenantId, usageQueryFrom(request, dayOf(this.clock.now())));
    return { rows: rows.map(usageMessage), total: usageMessage(total) };
  }

  async listLedger(request: ListLedgerRequest, context: HandlerContext) {
    const { rows, next } = await this.ledger.read(requireTenant(context).tenantId, ledgerQueryFrom(request, dayOf(this.clock.now())));
    return { rows: rows.map(ledgerMessage), next: next === undefined ? '' : placeText(next) };
  }

  async getQuota(_request: unknown, context: HandlerContext) {
    const who = requireTenant(context);
    const today = dayOf(this.clock.now());
    const [budgets, runs] = await Promise.all([this.budgets.list(who.tenantId), this.runQuotas.of(who)]);
    return { ...quota(budgets.map((budget) => budgetOn(budget, today))), ...(runs && { runs }) };
  }

  async setBudget(request: SetBudgetRequest, context: HandlerContext) {
    return quota(await this.changing.set(ownerOf(requireAdmin(context)), budgetRequestFrom(request)));
  }

  async deleteBudget(request: DeleteBudgetRequest, context: HandlerContext) {
    return quota(await this.changing.delete(ownerOf(requireAdmin(context)), budgetNameFrom(request)));
  }

  async liftBudget(request: LiftBudgetRequest, context: HandlerContext) {
    const { name, seconds, reason } = liftRequestFrom(request);
    return quota(await this.changing.lift(ownerOf(requireAdmin(context)), name, seconds, reason));
  }

  async listBudgetAlerts(request: ListBudgetAlertsRequest, context: HandlerContext) {
    const alerts = await this.alerts.list(requireTenant(context).tenantId, alertLimitFrom(request));
    return { alerts: alerts.map(alertMessage) };
  }

  async listAttempts(request: ListAttemptsRequest, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    if (request.unknown) return { attempts: (await this.attempts.unknown(tenantId)).map(attemptMessage) };
    if (!isUuid(request.runId)) throw new AppError('invalid_request', 'run_id must be the id of a run.', { status: 400, param: 'run_id' });
    const attempts = await this.attempts.ofRun(tenantId, request.runId);
    return { attempts: attempts.map(attemptMessage) };
  }

  async resolveAttempt(request: ResolveAttemptRequest, context: HandlerContext) {
    const who = requireAdmin(context);
    const { attemptId, costMicroUsd: cost } = resolutionRequestFrom(request);
    await this.resolving.handle({ tenantId: who.tenantId, actor: actorOf(who), trace: who.trace, attemptId, cost });
    return {};
  }
}

const quota = (budgets: readonly BudgetToday[]) => ({ budgets: budgets.map(budgetMessage) });

function ownerOf(who: Caller & { readonly tenantId: string }): BudgetOwner {
  return { tenantId: who.tenantId, actor: actorOf(who), trace: who.trace };
}

function actorOf({ key, kind }: Caller): string {
  return key === undefined ? kind : `key:${key.id}`;
}
