import { Module } from '@nestjs/common';
import { defaultPorts, type ServiceDefinition } from '@nexus/runtime';
import { OpenAttemptsHandler } from './handlers/open-attempts.handler.js';
import { SetBudgetHandler } from './handlers/set-budget.handler.js';
import { SettleHandler } from './handlers/settle.handler.js';
import { AttemptRepository } from './storage/attempt.repository.js';
import { BudgetRepository } from './storage/budget.repository.js';
import { usageMigrations } from './storage/migrations/index.js';
import { UsageReport } from './storage/usage-report.js';
import { UsageConsumer } from './usage.consumer.js';
import { UsageRpc } from './usage.rpc.js';

@Module({
  controllers: [UsageConsumer],
  providers: [AttemptRepository, BudgetRepository, UsageReport, OpenAttemptsHandler, SettleHandler, SetBudgetHandler, UsageRpc],
})
class UsageModule {}

/** Attempts, budgets and the ledger. */
export const usageService: ServiceDefinition = {
  name: 'usage',
  defaultPort: defaultPorts.usage,
  storage: { schema: 'usage', migrations: usageMigrations },
  module: () => UsageModule,
};
