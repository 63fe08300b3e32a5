import { join } from 'node:path';
import { invalidConfiguration, processEnvironment, type Environment } from '@nexus/runtime';
import { z } from 'zod';

const milliseconds = (least: number) => z.coerce.number('must be milliseconds').int('must be whole milliseconds').min(least, `must be at least ${least}`).max(86_400_000);
const count = z.coerce.number('must be a number').int('must be a whole number').min(1, 'must be at least 1');
const megabytes = z.coerce.number('must be megabytes').min(1, 'must be at least 1').max(65_536);

/** What the orchestrator reads of its environment. */
export const orchestratorEnvironmentSchema = z.object({
  NEXUS_CONFIG_DIR: z.string().min(1).default('config').describe('Folder of agents.yaml.'),
  NEXUS_AGENT_MODEL: z.string().min(1).default('demo').describe('Model of the agents that name none in agents.yaml.'),
  NEXUS_LEASE_MS: milliseconds(300).default(10_000).describe('Life of the lease on requests.incoming: after a crash another replica reads on after this time. Renewed every third of it.'),
  NEXUS_SWEEP_MS: milliseconds(50).default(1_000).describe('How often runs are looked for whose deadline, or retry, is due while nobody has a timer for them.'),
  NEXUS_STALLED_MS: milliseconds(1_000).default(10_000).describe('What a run waits for is asked for again when nothing happened to it for this long, then after twice as long and so on; it is not done twice. Tools have their own time first.'),
  NEXUS_ADMISSION_QUEUE_MS: milliseconds(100).default(30_000).describe('While model calls wait longer than this for a router, messages are refused with `overloaded`.'),
  NEXUS_QUEUE_HEARTBEAT_MS: milliseconds(50).default(1_000).describe('How often queued tasks are started.'),
  NEXUS_QUEUE_BATCH: count.max(1_000).default(5).describe("Most queued tasks of a tenant under way at once."),
  NEXUS_QUEUE_MOST_WAITING: count.max(1_000_000).default(10_000).describe('Most tasks of a tenant that wait in its queue; further ones are refused with 429 `queue_full`.'),
  NEXUS_FILES_TENANT_MB: megabytes.default(1_024).describe('Most that all stored files of a tenant may have together; further ones are refused with 403 `file_quota_exceeded`. Each is kept for 30 days.'),
  NEXUS_RUN_CACHE_MB: megabytes.default(64).describe('Memory for live runs.'),
  NEXUS_THREAD_CACHE_MB: megabytes.default(64).describe('Memory for the conversations of threads.'),
});

export interface OrchestratorConfig {
  readonly agentsFile: string;
  readonly agentModel: string;
  readonly leaseMs: number;
  readonly sweepMs: number;
  readonly stalledMs: number;
  readonly admissionQueueMs: number;
  readonly queueHeartbeatMs: number;
  readonly queueBatch: number;
  readonly queueMostWaiting: number;
  readonly filesTenantBytes: number;
  readonly runCacheBytes: number;
  readonly threadCacheBytes: number;
}

const MEGABYTE = 1_048_576;

/** Throws AppError `invalid_configuration` that names every wrong variable. An empty variable counts as unset. */
export function readOrchestratorConfig(environment: Environment = processEnvironment()): OrchestratorConfig {
  const parsed = orchestratorEnvironmentSchema.safeParse(Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== '')));
  if (!parsed.success) throw invalidConfiguration('orchestrator', parsed.error);
  const read = parsed.data;
  return {
    agentsFile: join(read.NEXUS_CONFIG_DIR, 'agents.yaml'),
    agentModel: read.NEXUS_AGENT_MODEL,
    leaseMs: read.NEXUS_LEASE_MS,
    sweepMs: read.NEXUS_SWEEP_MS,
    stalledMs: read.NEXUS_STALLED_MS,
    admissionQueueMs: read.NEXUS_ADMISSION_QUEUE_MS,
    queueHeartbeatMs: read.NEXUS_QUEUE_HEARTBEAT_MS,
    queueBatch: read.NEXUS_QUEUE_BATCH,
    queueMostWaiting: read.NEXUS_QUEUE_MOST_WAITING,
    filesTenantBytes: read.NEXUS_FILES_TENANT_MB * MEGABYTE,
    runCacheBytes: read.NEXUS_RUN_CACHE_MB * MEGABYTE,
    threadCacheBytes: read.NEXUS_THREAD_CACHE_MB * MEGABYTE,
  };
}
