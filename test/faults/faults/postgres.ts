import type { ServiceName } from '../cluster/replica.js';
import { pause } from '../pause.js';
import { works } from '../timeline.js';
import { workOf, type Fault } from './fault.js';

/** Immediate shutdown: no checkpoint, no goodbye; then a start that recovers. */
export const postgresRestart: Fault = {
  name: 'Postgres immediate stop',
  affects: works,
  isOutage: true,
  happen: async ({ cluster, random }) => {
    await cluster.postgres.crash();
    await pause(random.int(200, 1_500));
    await cluster.postgres.start();
    return 'it was stopped and recovered';
  },
};

/** The statements that commit, and who makes them. */
const commits: Readonly<Record<string, ServiceName>> = { accept_batch: 'orchestrator', commit_batch: 'orchestrator', usage_open: 'usage', usage_settle: 'usage' };

/** A commit is done, and its reply is lost with the connection. */
const commitReplyLost = (statement: string): Fault => ({
  name: `commit reply lost: ${statement}`,
  affects: workOf[commits[statement] ?? 'orchestrator'],
  happen: async ({ cluster }) => {
    const patience = new AbortController();
    const replicas = cluster.of(commits[statement] ?? 'orchestrator');
    const timer = setTimeout(() => patience.abort(), 15_000);
    try {
      // whichever of them is asked first; one that holds no lease accepts nothing
      return await Promise.any(replicas.map((replica) => replica.options.postgres.loseReplyTo(statement, patience.signal).then(() => `that of ${replica.name}`)));
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      patience.abort();
    }
  },
});

export const commitRepliesLost: readonly Fault[] = Object.keys(commits).map(commitReplyLost);
