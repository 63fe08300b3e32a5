import { DEVELOPMENT_TENANT_ID } from '@nexus/core';
import { startFakeProvider } from '@nexus/testing';
import { Redis } from 'ioredis';
import pg from 'pg';
import { adminKey, Cluster, serviceToken } from './cluster/cluster.js';
import type { Query } from './faults/fault.js';
import { BusAdapter } from './load/bus-adapter.js';
import { startEffects, type Effects } from './load/effects.js';
import { GatewayClient } from './load/gateway-client.js';
import { Load } from './load/load.js';
import { ModelBehaviour } from './load/model-behaviour.js';
import { modelNames } from './load/model-names.js';
import { Questions } from './load/questions.js';
import { RunStreams } from './load/run-stream.js';
import { SettingsChanges } from './load/settings-changes.js';
import type { Random } from './random.js';
import { Timeline } from './timeline.js';

/** A cluster with everything that asks it, answers it and looks into it. */
export interface Stage {
  readonly cluster: Cluster;
  readonly behaviour: ModelBehaviour;
  readonly effects: Effects;
  readonly questions: Questions;
  readonly adapter: BusAdapter;
  readonly streams: RunStreams;
  readonly settings: SettingsChanges;
  readonly load: Load;
  readonly timeline: Timeline;
  readonly redis: Redis;
  /** As a superuser, past every proxy; connects anew when Postgres was away. */
  readonly query: Query;
  close(): Promise<void>;
}

const HTTP_THREADS = 12;
const BUS_THREADS = 40;
const LARGE_BUDGET_MICRO_USD = 1_000_000_000_000;

/** Starts everything; the load waits for its start(). */
export async function setStage({ folder, random, rate }: { readonly folder: string; readonly random: Random; readonly rate: number }): Promise<Stage> {
  const timeline = new Timeline();
  const behaviour = new ModelBehaviour(() => timeline.note('modelCall'));
  const [provider, effects] = await Promise.all([startFakeProvider({ models: modelNames }), startEffects()]);
  provider.reply(behaviour.reply);
  const cluster = await Cluster.start({ folder, providerUrl: provider.url, effectsUrl: effects.url });
  const redis = new Redis(cluster.redis.url, { maxRetriesPerRequest: null, retryStrategy: () => 100 });
  redis.on('error', () => undefined);
  const pool = new pg.Pool({ connectionString: cluster.postgres.url, max: 2 });
  pool.on('error', () => undefined);
  const close = async (): Promise<void> => {
    redis.disconnect();
    await pool.end();
    await cluster.stop();
    await Promise.all([provider.close(), effects.close()]);
  };
  try {
    const client = new GatewayClient(cluster.gatewayUrls, adminKey, random.fork());
    const { keyId, token, httpThreads } = await prepare(cluster, client);
    const questions = new Questions();
    const adapter = new BusAdapter({ redisUrl: cluster.redis.url, questions, random: random.fork(), token, keyId, onAnswer: (question) => load.onBusAnswer(question) });
    const streams = new RunStreams(client, questions);
    const settings = new SettingsChanges(client, () => timeline.note('setting'));
    const load: Load = new Load({ adapter, client, streams, questions, timeline, random: random.fork(), rate, busThreads: BUS_THREADS, httpThreads });
    return {
      cluster, behaviour, effects, questions, adapter, streams, settings, load, timeline, redis,
      query: async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) => (await pool.query<Row>(sql, [...values])).rows,
      close: async () => {
        adapter.stop();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A surface key for the adapter, threads for HTTP, and a budget that is never the reason of a refusal. */
async function prepare(cluster: Cluster, client: GatewayClient): Promise<{ keyId: string; token: string; httpThreads: string[] }> {
  const [usage] = cluster.of('usage');
  const response = await fetch(`http://127.0.0.1:${usage?.options.port}/nexus.usage.v1.UsageService/SetBudget`, {
    method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${serviceToken}`, 'x-nexus-tenant': DEVELOPMENT_TENANT_ID },
    body: JSON.stringify({ name: 'development', period: 'day', limitMicroUsd: String(LARGE_BUDGET_MICRO_USD) }),
  });
  if (!response.ok) throw new Error(`the budget could not be set: ${response.status} ${await response.text()}`);
  const made = await client.post('/nexus.settings.v1.SettingsService/CreateKey', { name: 'adapter', kind: 'KEY_KIND_SURFACE', surfaces: ['faults'] }, 'adapter-key', 20_000);
  const { key, secret } = (made?.body ?? {}) as { key?: { id: string }; secret?: string };
  if (key === undefined || secret === undefined) throw new Error(`no key could be made: ${JSON.stringify(made)}`);
  const httpThreads: string[] = [];
  for (let number = 1; number <= HTTP_THREADS; number++) {
    const thread = await client.post('/v1/threads', { title: `thread ${number}` }, `thread-${number}`, 20_000);
    if (typeof thread?.body['id'] !== 'string') throw new Error(`no thread could be made: ${JSON.stringify(thread)}`);
    httpThreads.push(thread.body['id']);
  }
  return { keyId: key.id, token: secret, httpThreads };
}
