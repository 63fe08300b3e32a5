import type { MigrationClass } from '@nexus/postgres';
import { UsageTables1763600001000 } from './1763600001000-usage-tables.js';
import { OpenAttempts1763600002000 } from './1763600002000-open-attempts.js';
import { Settle1763600003000 } from './1763600003000-settle.js';
import { DevelopmentBudget1763600004000 } from './1763600004000-development-budget.js';
import { Owners1763600005000 } from './1763600005000-owners.js';
import { Resolutions1763600006000 } from './1763600006000-resolutions.js';
import { LedgerWasAway1763600007000 } from './1763600007000-ledger-was-away.js';
import { EveryBucket1763600008000 } from './1763600008000-every-bucket.js';
import { SettleEveryBucket1763600009000 } from './1763600009000-settle-every-bucket.js';
import { ClaimEveryBucket1763600010000 } from './1763600010000-claim-every-bucket.js';
import { BudgetUses1763600011000 } from './1763600011000-budget-uses.js';
import { OpenAttemptsOfBudgets1763600012000 } from './1763600012000-open-attempts-of-budgets.js';
import { PruneAttempts1763600013000 } from './1763600013000-prune-attempts.js';
import { LedgerSums1763600010100 } from './1763600010100-ledger-sums.js';
import { UnknownAttempts1764900500000 } from './1764900500000-unknown-attempts.js';

/** What builds the schema `usage`, in order. */
export const usageMigrations: readonly MigrationClass[] = [
  UsageTables1763600001000, OpenAttempts1763600002000, Settle1763600003000, DevelopmentBudget1763600004000, Owners1763600005000, Resolutions1763600006000,
  LedgerWasAway1763600007000, EveryBucket1763600008000, SettleEveryBucket1763600009000, ClaimEveryBucket1763600010000, BudgetUses1763600011000,
  OpenAttemptsOfBudgets1763600012000, PruneAttempts1763600013000, LedgerSums1763600010100, UnknownAttempts1764900500000,
];
