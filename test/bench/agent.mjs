// Durable agent turns (user -> model -> tool -> model -> answer) through requests.incoming, in the form that an agent benchmark asks for:
// settings in PG_URL, PG_PID, UPSTREAM_URL, REDIS_URL, BENCH_MODE (load | growth), BENCH_CONC, BENCH_N, BENCH_LEN, BENCH_RUN; the result as
// one JSON line. Every service is a process of its own; their CPU, the driver's and Redis's together are `app_cpu_ms`.
import { create } from '@bufbuild/protobuf';
import { redisBus } from '@nexus/channels';
import { IncomingRequestSchema, Outcome, Progress } from '@nexus/contracts';
import { systemClock } from '@nexus/core';
import { AgentCalls } from '@nexus/runtime';
import { Redis } from 'ioredis';
import pg from 'pg';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { developmentTenant, serviceToken, startNexus } from './nexus-processes.mjs';
import { prose } from './prose.mjs';

const { PG_URL, PG_PID, UPSTREAM_URL, REDIS_URL, BENCH_MODE = 'load', BENCH_CONC = '1,16,64', BENCH_N = '30,160,320', BENCH_LEN = '200', BENCH_RUN = 'run', NEXUS_BENCH_PEERS } = process.env;
const { cpuOf, latStats } = await import(pathToFileURL(join(NEXUS_BENCH_PEERS, 'lib.mjs')).href);
const [conc, counts] = [BENCH_CONC, BENCH_N].map((list) => list.split(',').map(Number));
const prefix = `bench:${BENCH_RUN}:`;

const nexus = await startNexus({
  services: ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator'],
  redisUrl: REDIS_URL, databaseUrl: PG_URL, upstream: UPSTREAM_URL, prefix,
  mains: { 'tool-executor': fileURLToPath(new URL('./tool-executor-main.mjs', import.meta.url)) },
});
const bus = redisBus(REDIS_URL, { prefix });
const calls = new AgentCalls({ bus, serviceToken, replyTo: 'bench', clock: systemClock, republishMs: 60_000 });
const redis = new Redis(REDIS_URL);
const admin = new pg.Client({ connectionString: PG_URL });
await admin.connect();

let id = 0;
async function turn(thread, i) {
  const text = `Question ${i}: please use the tool and answer in one sentence. ${prose(160)}`;
  const request = create(IncomingRequestSchema, { text, surface: 'bench', chatId: `${BENCH_RUN}-${thread}`, progress: Progress.NONE });
  const answer = await calls.ask(request, { publisher: { tenantId: developmentTenant, keyId: '', client: '', project: '' }, messageId: `${BENCH_RUN}-${id++}` }).answer;
  if (answer.outcome !== Outcome.ANSWERED || !answer.text.startsWith('The answer')) throw new Error(`wrong answer: ${answer.error?.code} ${answer.error?.message} ${answer.text}`.slice(0, 300));
}
const redisCpu = async () => {
  const info = await redis.info('cpu');
  return Number(/used_cpu_sys:([\d.]+)/.exec(info)[1]) + Number(/used_cpu_user:([\d.]+)/.exec(info)[1]);
};
const appCpu = async () => cpuOf([process.pid]) + (await redisCpu());
const lsn = async () => Number((await admin.query("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint AS n")).rows[0].n);
const settled = async () => {
  for (let i = 0; i < 100; i++) {
    if ((await admin.query("SELECT 1 FROM usage.attempt WHERE state = 'open' LIMIT 1")).rowCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const out = { turns: 0 };
if (BENCH_MODE === 'load') {
  let errors = 0;
  let sample;
  const one = async (thread) => {
    try {
      await turn(thread, 1);
    } catch (error) {
      errors++;
      sample ??= String(error?.stack ?? error).slice(0, 600);
    }
    out.turns++;
  };
  await Promise.all(Array.from({ length: 32 }, async (_, w) => { for (let i = 0; i < 40; i++) await one(`w${w}-${i}`); }));
  out.seg = {};
  for (const [k, width] of conc.entries()) {
    const total = counts[k] * 6; // short segments cannot be timed
    const latencies = [];
    let next = 0;
    await settled();
    const [errorsBefore, app, db, wal, began] = [errors, await appCpu(), cpuOf([Number(PG_PID)]), await lsn(), performance.now()];
    await Promise.all(Array.from({ length: width }, async () => {
      while (next < total) {
        const at = performance.now();
        await one(`c${width}-${next++}`);
        latencies.push(performance.now() - at);
      }
    }));
    const seconds = (performance.now() - began) / 1000;
    await settled();
    out.seg[width] = {
      tps: total / seconds, lat: latStats(latencies), n: total, errors: errors - errorsBefore,
      app_cpu_ms: (((await appCpu()) - app) * 1000) / total, db_cpu_ms: ((cpuOf([Number(PG_PID)]) - db) * 1000) / total, wal_bytes: ((await lsn()) - wal) / total,
    };
  }
  Object.assign(out, { errors, sample });
} else {
  for (let i = 0; i < 30; i++) await turn(`w${i}`, i);
  const length = Number(BENCH_LEN);
  const samples = [];
  for (let i = 1; i <= length; i++) {
    await settled();
    const [wal, app, began] = [await lsn(), await appCpu(), performance.now()];
    await turn('growth', i);
    const ms = performance.now() - began;
    await settled();
    samples.push({ ms, wal_bytes: (await lsn()) - wal, app_cpu_ms: ((await appCpu()) - app) * 1000 });
    out.turns++;
  }
  const median = (at, name) => {
    const around = samples.slice(Math.max(0, at - 3), at + 2).map((sample) => sample[name]).sort((a, b) => a - b);
    return around[around.length >> 1];
  };
  out.at = Object.fromEntries([1, 10, 50, 100, 200, 400].filter((at) => at <= length).map((at) => [at, Object.fromEntries(['ms', 'wal_bytes', 'app_cpu_ms'].map((name) => [name, median(at, name)]))]));
  out.total_bytes = samples.reduce((sum, sample) => sum + sample.wal_bytes, 0);
}
await calls.stop();
await bus.close();
redis.disconnect();
await admin.end();
await nexus.stop();
console.log(JSON.stringify(out));
process.exit(0);
