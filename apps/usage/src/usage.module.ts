import { Module, type DynamicModule } from '@nestjs/common';
import { defaultPorts, type Environment, type ServiceDefinition } from '@nexus/runtime';
import { USAGE_CONFIG, readUsageConfig } from './config.js';
import { AlertSweep } from './handlers/alert-sweep.js';
import { ChangeBudgetsHandler } from './handlers/change-budgets.handler.js';
import { OpenAttemptsHandler } from './handlers/open-attempts.handler.js';
import { OrphanSweep } from './handlers/orphan-sweep.js';
import { PruningSweep } from './handlers/pruning-sweep.js';
import { ReportOwnerHandler } from './handlers/report-owner.handler.js';
import { ResolveAttemptHandler } from './handlers/resolve-attempt.handler.js';
import { RunQuotas } from './handlers/run-quotas.js';
import { SettleHandler } from './handlers/settle.handler.js';
import { UnknownWatch } from './handlers/unknown-watch.js';
import { AttemptRepository } from './storage/attempt.repository.js';
import { BudgetAlertRepository } from './storage/budget-alert.repository.js';
import { BudgetRepository } from './storage/budget.repository.js';
import { LedgerPages } from './storage/ledger-pages.js';
import { usageMigrations } from './storage/migrations/index.js';
import { OwnerRepository } from './storage/owner.repository.js';
import { PruningRepository } from './storage/pruning.repository.js';
import { UnsettledRepository } from './storage/unsettled.repository.js';
import { UsageReport } from './storage/usage-report.js';
import { UsageConsumer } from './usage.consumer.js';
import { UsageRpc } from './usage.rpc.js';

@Module({
  controllers: [UsageConsumer],
  providers: [
    AttemptRepository, BudgetRepository, BudgetAlertRepository, OwnerRepository, PruningRepository, UnsettledRepository, UsageReport, LedgerPages, RunQuotas,
    OpenAttemptsHandler, ReportOwnerHandler, SettleHandler, ChangeBudgetsHandler, ResolveAttemptHandler, OrphanSweep, AlertSweep, PruningSweep, UnknownWatch, UsageRpc,
  ],
})
class UsageModule {
  static of(environment: Environment): DynamicModule {
    return { module: UsageModule, providers: [{ provide: USAGE_CONFIG, useValue: readUsageConfig(environment) }] };
  }
}

/** Attempts, budgets and the ledger. */
export const usageService: ServiceDefinition = {
  name: 'usage',
  defaultPort: defaultPorts.usage,
  storage: { schema: 'usage', migrations: usageMigrations },
  module: (environment) => UsageModule.of(environment),
};
