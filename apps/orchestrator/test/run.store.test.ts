import { RunStatus } from '@nexus/contracts';
import { newId } from '@nexus/core';
import type { Database } from '@nexus/postgres';
import { postgresTest } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storedEvent } from '../src/domain/stored-event.js';
import { encodeEvent } from '../src/storage/event-codec.js';
import { LeaseStore } from '../src/storage/lease.store.js';
import { RunStore, type NewRun, type RunCommit } from '../src/storage/run.store.js';
import { connectOrchestrator } from './orchestrator-database.js';

const postgres = postgresTest();
const NOW = 1_763_600_000_123;
const started = storedEvent('started', { atMs: BigInt(NOW) });
let database: Database;
let store: RunStore;
let lease: { partition: number; epoch: number };
beforeAll(async () => {
  database = await connectOrchestrator(postgres.url);
  store = new RunStore(database);
});
afterAll(() => database.close());
beforeEach(async () => {
  lease = { partition: 0, epoch: (await new LeaseStore(database).take(0, 'a', 10_000)) ?? 0 };
});

const message = (tenantId: string, threadId: string, more: Partial<NewRun> = {}): NewRun => ({
  tenantId, threadId, runId: newId(), surface: 'web', client: '', project: '', messageId: 'm', correlationId: undefined, limitMs: 60_000, deadlineAt: 0,
  payload: encodeEvent(storedEvent('accepted', { messageId: 'm', request: { text: 'hello' } })), ...more,
});
const happened = (run: NewRun, seq: number, more: Partial<RunCommit> = {}): RunCommit => ({
  tenantId: run.tenantId, threadId: run.threadId, runId: run.runId, epoch: 1, seq, ending: undefined, isReplyDue: false, wakeAt: 0,
  events: [{ payload: encodeEvent(storedEvent('modelAnswered', { step: 1 })), fingerprint: -7 }], ...more,
});
const accept = async (...runs: readonly NewRun[]) => {
  const places = await store.accept(lease, NOW, [], runs);
  if (places === undefined) throw new Error('the lease is gone');
  return places;
};

describe('accept', () => {
  it('starts the first run of a thread and queues the others behind it, in the order given', async () => {
    const [tenant, other] = [newId(), newId()];
    const [thread, busy] = [newId(), newId()];
    const places = await accept(message(tenant, busy), message(other, thread), message(tenant, thread), message(tenant, busy), message(tenant, busy));
    expect(places.map(({ isNew, threadSeq, status, queuedBehind }) => [isNew, threadSeq, status, queuedBehind])).toEqual([
      [true, 1, RunStatus.ACTIVE, 0], [true, 1, RunStatus.ACTIVE, 0], [true, 1, RunStatus.ACTIVE, 0], [true, 2, RunStatus.QUEUED, 1], [true, 3, RunStatus.QUEUED, 2],
    ]);
  });

  it('stores the same message once, also within one batch', async () => {
    const tenant = newId();
    const run = message(tenant, newId());
    expect((await accept(run, run)).map(({ isNew }) => isNew)).toEqual([true, false]);
    expect(await accept({ ...run, threadId: newId() })).toMatchObject([{ isNew: false, threadId: run.threadId, threadSeq: 1 }]);
    const [loaded] = await store.load([run], 0);
    expect(loaded?.[0]?.events).toHaveLength(1);
  });

  it('stores nothing for a reader whose lease was taken over', async () => {
    const run = message(newId(), newId());
    expect(await store.accept({ partition: 0, epoch: lease.epoch - 1 }, NOW, [], [run])).toBeUndefined();
    expect(await store.load([run], 0)).toEqual([[]]);
  });

  it('keeps an agent once', async () => {
    const tenantId = newId();
    const agent = { tenantId, hash: Buffer.alloc(16, 7), payload: Buffer.from([0x12, 2, 0x68, 0x69]) };
    await store.accept(lease, NOW, [agent, agent], [message(tenantId, newId())]);
    expect(await store.loadAgents([{ tenantId, hash: agent.hash }, { tenantId: newId(), hash: agent.hash }])).toMatchObject([{ instructions: 'hi' }, undefined]);
  });
});

describe('commit', () => {
  it('appends events under the number that is expected, and stores nothing when someone was first', async () => {
    const run = message(newId(), newId());
    const other = message(newId(), newId());
    await accept(run, other);
    expect(await store.commit(NOW, started, [happened(run, 1)])).toMatchObject([{ isCommitted: true }]);
    const two = happened(run, 1).events;
    const results = await store.commit(NOW, started, [happened(run, 1, { events: [...two, ...two] }), happened(other, 1, { events: [...two, ...two] })]);
    expect(results.map(({ isCommitted }) => isCommitted)).toEqual([false, true]);
    const [first, second] = await store.load([run, other], 0);
    expect(first?.[0]?.events.map(({ seq, at, fingerprint }) => [seq, at, fingerprint])).toEqual([[0, NOW, undefined], [1, NOW, -7]]);
    expect(second?.[0]?.events).toHaveLength(3);
  });

  it('refuses an epoch that is over, and a run that is', async () => {
    const run = message(newId(), newId());
    await accept(run);
    expect(await store.commit(NOW, started, [happened(run, 1, { epoch: 2 })])).toMatchObject([{ isCommitted: false }]);
    await store.commit(NOW, started, [happened(run, 1, { ending: RunStatus.SUCCEEDED })]);
    expect(await store.commit(NOW, started, [happened(run, 2)])).toMatchObject([{ isCommitted: false }]);
  });

  it('lets the next run of the thread begin when one ends, and skips one that was cancelled in the queue', async () => {
    const tenant = newId();
    const thread = newId();
    const [a, b, c] = [message(tenant, thread), message(tenant, thread), message(tenant, thread, { deadlineAt: NOW + 10 })];
    await accept(a, b, c);
    expect(await store.commit(NOW, started, [happened(b, 1, { ending: RunStatus.CANCELLED })])).toMatchObject([{ isCommitted: true, promoted: undefined }]);
    const [result] = await store.commit(NOW + 5, started, [happened(a, 1, { ending: RunStatus.SUCCEEDED })]);
    expect(result?.promoted).toMatchObject({ runId: c.runId, threadSeq: 3, queuedBehind: 2, epoch: 1 });
    expect(result?.promoted?.events.map(({ at, event }) => [at, event.event.case])).toEqual([[NOW, 'accepted'], [NOW + 5, 'started']]);
    const [[loaded] = []] = await store.load([c], 0);
    expect(loaded).toMatchObject({ status: RunStatus.ACTIVE, events: [{ seq: 0 }, { seq: 1 }] });
    expect(await store.expired(NOW + 10, 10_000)).toContainEqual({ tenantId: tenant, runId: c.runId });
  });

  it('never loses a queued run between an acceptance and an end at the same moment', async () => {
    const tenant = newId();
    for (let round = 0; round < 20; round++) {
      const thread = newId();
      const [a, b] = [message(tenant, thread), message(tenant, thread)];
      await accept(a);
      await Promise.all([accept(b), store.commit(NOW, started, [happened(a, 1, { ending: RunStatus.SUCCEEDED })])]);
      const [[loaded] = []] = await store.load([b], 0);
      expect(loaded?.status).toBe(RunStatus.ACTIVE);
    }
  });

  it('does not deadlock when batches name the same runs in different orders', async () => {
    const tenant = newId();
    const runs = Array.from({ length: 12 }, () => message(tenant, newId()));
    await accept(...runs);
    for (let seq = 1; seq < 10; seq++) {
      const results = await Promise.all([runs, runs.toReversed(), [...runs.slice(6), ...runs.slice(0, 6)]].map((some) => store.commit(NOW, started, some.map((run) => happened(run, seq)))));
      expect(results.flat().filter(({ isCommitted }) => isCommitted)).toHaveLength(runs.length);
    }
  });
});

describe('what the sweep finds', () => {
  it('runs without an event, page by page, each once, whatever ends meanwhile', async () => {
    const tenants = [newId(), newId()].sort();
    const runs = tenants.flatMap((tenant) => Array.from({ length: 5 }, () => message(tenant, newId())));
    await accept(...runs);
    const mine = new Set(runs.map(({ runId }) => runId));
    const found: string[] = [];
    let after: { tenantId: string; runId: string } | undefined;
    for (let page = 0; ; page++) {
      const some = await store.quietSince(NOW, after, 3);
      found.push(...some.flatMap(({ runId }) => (mine.has(runId) ? [runId] : [])));
      after = some.at(-1);
      if (after === undefined) break;
      const last = runs.find(({ runId }) => runId === after?.runId);
      if (last !== undefined) await store.commit(NOW, started, [happened(last, 1, { ending: RunStatus.SUCCEEDED })]);
    }
    expect(found.toSorted()).toEqual([...mine].sort());
    expect((await store.quietSince(NOW, undefined, 10_000)).filter(({ runId }) => mine.has(runId)).length).toBeLessThan(runs.length);
  });

  it('no run to which something happened since, and none that is queued', async () => {
    const tenant = newId();
    const thread = newId();
    const [moving, queued, still] = [message(tenant, thread), message(tenant, thread), message(tenant, newId())];
    await accept(moving, queued, still);
    await store.commit(NOW + 5, started, [happened(moving, 1)]);
    const quiet = async (since: number) => (await store.quietSince(since, undefined, 10_000)).flatMap(({ tenantId, runId }) => (tenantId === tenant ? [runId] : []));
    expect(await quiet(NOW - 1)).toEqual([]);
    expect(await quiet(NOW + 4)).toEqual([still.runId]);
    expect((await quiet(NOW + 5)).toSorted()).toEqual([moving.runId, still.runId].toSorted());
  });

  it('queued runs whose own deadline passed', async () => {
    const tenant = newId();
    const thread = newId();
    const [first, due, patient] = [message(tenant, thread), message(tenant, thread, { deadlineAt: NOW + 10 }), message(tenant, thread)];
    await accept(first, due, patient);
    const mine = async (now: number) => (await store.expired(now, 10_000)).flatMap(({ tenantId, runId }) => (tenantId === tenant ? [runId] : []));
    expect(await mine(NOW + 9)).toEqual([]);
    expect(await mine(NOW + 10)).toEqual([due.runId]);
    await store.commit(NOW + 10, started, [happened(due, 1, { ending: RunStatus.FAILED })]);
    expect(await mine(NOW + 10)).toEqual([]);
  });

  it('retries that are due, until they are made or their run is over', async () => {
    const runs = [message(newId(), newId()), message(newId(), newId()), message(newId(), newId())] as const;
    await accept(...runs);
    await store.commit(NOW, started, runs.map((run) => happened(run, 1, { wakeAt: NOW + 100 })));
    const mine = async (before: number) => (await store.waking(before, 10_000)).flatMap(({ runId }) => (runs.some((run) => run.runId === runId) ? [runId] : []));
    expect(await mine(NOW + 99)).toEqual([]);
    expect((await mine(NOW + 100)).toSorted()).toEqual(runs.map(({ runId }) => runId).sort());
    await store.settleWakes([runs[0], runs[1]], NOW + 99); // of an earlier wait
    expect(await mine(NOW + 100)).toHaveLength(3);
    await store.settleWakes([runs[0]], NOW + 100);
    await store.commit(NOW + 100, started, [happened(runs[1], 2, { ending: RunStatus.CANCELLED })]);
    expect(await mine(NOW + 100)).toEqual([runs[2].runId]);
  });
});

describe('load', () => {
  it('brings the runs before in the thread, as far back as is asked', async () => {
    const tenant = newId();
    const thread = newId();
    const runs = Array.from({ length: 5 }, () => message(tenant, thread));
    await accept(...runs);
    const seqs = async (after: number | undefined, history: number) => (await store.load([{ tenantId: tenant, runId: runs[4]?.runId ?? '', after }], history))[0]?.map(({ threadSeq }) => threadSeq);
    expect(await seqs(undefined, 9)).toEqual([5]);
    expect(await seqs(0, 9)).toEqual([1, 2, 3, 4, 5]);
    expect(await seqs(0, 2)).toEqual([3, 4, 5]);
    expect(await seqs(3, 9)).toEqual([4, 5]);
  });

  it('finds nothing of another tenant', async () => {
    const run = message(newId(), newId());
    await accept(run);
    expect(await store.load([{ ...run, tenantId: newId() }, run], 0)).toMatchObject([[], [{ runId: run.runId }]]);
  });
});

it('remembers an answer that is due until it is published', async () => {
  const run = message(newId(), newId());
  await accept(run);
  await store.commit(NOW, started, [happened(run, 1, { ending: RunStatus.FAILED, isReplyDue: true })]);
  const mine = { tenantId: run.tenantId, runId: run.runId };
  expect(await store.unsent(NOW, 10_000)).toContainEqual(mine);
  await store.settleReplies([mine]);
  expect(await store.unsent(NOW, 10_000)).not.toContainEqual(mine);
});

describe('a lease', () => {
  it('is held by one replica, has a new epoch after each takeover, and can be given up', async () => {
    const leases = new LeaseStore(database);
    const first = await leases.take(7, 'a', 10_000);
    expect(first).toBe(1);
    expect(await leases.take(7, 'b', 10_000)).toBeUndefined();
    expect(await leases.renew(7, 1, 0)).toBe(true);
    expect(await leases.take(7, 'b', 10_000)).toBe(2);
    expect(await leases.renew(7, 1, 10_000)).toBe(false);
    expect(await leases.take(7, 'b', 10_000)).toBe(3);
  });
});
