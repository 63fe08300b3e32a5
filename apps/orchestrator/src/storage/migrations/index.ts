import type { MigrationClass } from '@nexus/postgres';
import { AcceptBatch1763700000002 } from './accept-batch.migration.js';
import { CommitBatch1763700000003 } from './commit-batch.migration.js';
import { CommitWakes1764300000002 } from './commit-wakes.migration.js';
import { KeptResponse1764700000001 } from './kept-response.migration.js';
import { Lease1763700000005 } from './lease.migration.js';
import { LoadRuns1763700000004 } from './load-runs.migration.js';
import { PlacesAndCommands1764900200000 } from './places-and-commands.migration.js';
import { QueuedTask1764500000001 } from './queued-task.migration.js';
import { Recovery1764300000001 } from './recovery.migration.js';
import { RunCount1764600000001 } from './run-count.migration.js';
import { Schema1763700000001 } from './schema.migration.js';
import { StoredFile1764900300000 } from './stored-file.migration.js';

/** What builds the schema `orchestrator`, in order. */
export const migrations: readonly MigrationClass[] = [
  Schema1763700000001, AcceptBatch1763700000002, CommitBatch1763700000003, LoadRuns1763700000004, Lease1763700000005,
  Recovery1764300000001, CommitWakes1764300000002, QueuedTask1764500000001, RunCount1764600000001,
  KeptResponse1764700000001, PlacesAndCommands1764900200000, StoredFile1764900300000,
];
