import { Outcome, RunStatus, type AgentSnapshot } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { turnOf, type Turn } from '../domain/conversation.js';
import { lastState } from '../domain/replay.js';
import type { RunStore, StoredRun, TenantRun } from '../storage/run.store.js';
import type { KeptAgents } from './kept-agents.js';
import { acceptedOf, liveRunOf, runKey, type LiveRun } from './live-run.js';
import type { RunMemory } from './run-memory.js';

/** An answer is out this long after the end of its run, also when the orchestrators were away; well within the time in which it is added only once. */
const ANSWERED_WITHIN_MS = 3_600_000;

export interface AskedRun extends TenantRun {
  /** Bring the turns before it too: it may call the model. */
  readonly withTurns: boolean;
}

export interface LoadedRun {
  readonly live: LiveRun;
  /** From the store, so that it was true a moment ago. */
  readonly isFresh: boolean;
}

/** Brings runs from memory, else from the store: one query for all that are missing (one more when an agent was never seen here). */
export class RunLoader {
  constructor(
    private readonly store: Pick<RunStore, 'load' | 'loadAgents'>,
    private readonly memory: RunMemory,
    private readonly agents: KeptAgents,
  ) {}

  /** By runKey(); a run that does not exist is missing. */
  async load(asked: readonly AskedRun[]): Promise<Map<string, LoadedRun>> {
    const found = new Map<string, LoadedRun>();
    const missing: AskedRun[] = [];
    for (const run of asked) {
      const live = this.memory.run(run);
      if (live !== undefined) found.set(runKey(run), { live, isFresh: false });
      else missing.push(run);
    }
    for (const [key, loaded] of await this.reload(missing)) found.set(key, loaded);
    return found;
  }

  /** The same from the store, whatever memory says. */
  async reload(asked: readonly AskedRun[]): Promise<Map<string, LoadedRun>> {
    const distinct = new Map<string, AskedRun>();
    for (const run of asked) if (distinct.get(runKey(run))?.withTurns !== true) distinct.set(runKey(run), run);
    const lives = await this.read([...distinct.values()]);
    return new Map(lives.map((live) => [runKey({ tenantId: live.tenantId, runId: live.state.runId }), { live, isFresh: true }]));
  }

  /** Complete, from the store, as far as they can be read: one that cannot is told to `onUnreadable`, and the others come all the same. Rejects while the store is away. */
  async reloadReadable(runs: readonly TenantRun[], onUnreadable: (run: TenantRun, error: unknown) => void): Promise<readonly LiveRun[]> {
    const complete = runs.map((run) => ({ ...run, withTurns: true }));
    try {
      return [...(await this.reload(complete)).values()].map(({ live }) => live);
    } catch (error) {
      if (AppError.from(error).isRetryable) throw error;
      const [only] = complete;
      if (only !== undefined && complete.length === 1) onUnreadable(only, error);
      if (complete.length <= 1) return [];
      const half = complete.length >> 1;
      return [...(await this.reloadReadable(complete.slice(0, half), onUnreadable)), ...(await this.reloadReadable(complete.slice(half), onUnreadable))];
    }
  }

  private async read(asked: readonly AskedRun[]): Promise<readonly LiveRun[]> {
    if (asked.length === 0) return [];
    const loaded = await this.store.load(asked.map((run) => ({ ...run, after: run.withTurns ? 0 : undefined })), this.memory.mostTurns);
    const runs = loaded.flatMap((list, index) => {
      const stored = list.at(-1);
      const { tenantId } = asked[index] as AskedRun;
      return stored === undefined ? [] : [{ tenantId, stored, before: list.at(-2), earlier: turnsOf(list.slice(0, -1)) }];
    });
    const wanted = runs.map(({ tenantId, stored }) => ({ tenantId, hash: acceptedOf(stored.events.map(({ event }) => event)).agentHash }));
    const agents = await this.agentsOf(wanted);
    return runs.map(({ tenantId, stored, before, earlier }, index) => {
      const live = { ...liveRunOf({ ...stored, tenantId }, stored.events, agents[index], earlier), before: lately(before && { ...before, tenantId }, stored) };
      const isComplete = live.threadSeq === 1 || asked.some((run) => run.runId === live.state.runId && run.withTurns);
      if (isComplete && (live.state.phase === 'model' || live.state.phase === 'tools')) this.memory.keep(live);
      else this.memory.forget({ tenantId, runId: live.state.runId });
      return live;
    });
  }

  /** Instructions and tools by agent hash. */
  async agentsOf(wanted: readonly { readonly tenantId: string; readonly hash: Uint8Array }[]): Promise<readonly (AgentSnapshot | undefined)[]> {
    const known = wanted.map(({ tenantId, hash }) => this.agents.get(tenantId, hash));
    const unknown = wanted.filter((_, index) => known[index] === undefined);
    if (unknown.length === 0) return known;
    const loaded = await this.store.loadAgents(unknown);
    unknown.forEach(({ tenantId, hash }, index) => this.agents.set(tenantId, hash, loaded[index]));
    return wanted.map(({ tenantId, hash }) => this.agents.get(tenantId, hash));
  }
}

/** The run before one in its thread, if it is over since not long before that one came: then its answer may still be on its way. */
function lately(before: (StoredRun & TenantRun) | undefined, next: StoredRun): LiveRun | undefined {
  const endedAt = before?.events.at(-1)?.at ?? 0;
  if (before === undefined || before.status <= RunStatus.ACTIVE || (next.events[0]?.at ?? 0) - endedAt > ANSWERED_WITHIN_MS) return undefined;
  return liveRunOf(before, before.events, undefined, []);
}

function turnsOf(runs: readonly StoredRun[]): readonly Turn[] {
  return runs.map((run) => {
    const events = run.events.map(({ event }) => event);
    const { request, messageId } = acceptedOf(events);
    return turnOf({ ...run, messageId }, request, events, lastState(run, run.events).ending?.outcome === Outcome.ANSWERED);
  });
}
