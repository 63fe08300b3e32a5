// `npm run faults:overload`: NEXUS under three times the load that it can bear. See --help. Exit code 1 when a goal is missed.
import { cpus } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled } from '../../scripts/bootstrap.mjs';
import { main, root } from '../../scripts/process.mjs';
import { ensureRedisServer } from '../../scripts/redis-server.mjs';
import { drainedAfter } from './overload/drained.mjs';
import { Load, Results, quantile } from './overload/load.mjs';
import { watchMemory } from './overload/memory.mjs';
import { judge, printTable, writeReport } from './overload/report.mjs';
import { startUpstream } from './overload/upstream.mjs';

const help = `npm run faults:overload [-- options]

Starts every service as a process of its own with private Redis and Postgres, and a provider that takes its time. The router's
concurrency is the capacity, so that the machine is not what is measured. After two minutes of warming up, in which the processes come by the memory that such a load takes, comes normal load, 60% of the
capacity, then the overload. Memory needs some minutes of it to be judged: a process that has just started grows.

  --minutes N       of overload; default 10
  --normal N        seconds of normal load before it; default 60
  --factor N        how many times the capacity; default 3
  --concurrency N   model calls at once; default 192
  --latency-ms N    of the provider, a fifth more or less; default 1500
  --queue-ms N      NEXUS_MAX_QUEUE_MS; default: NEXUS's own
  --report          write docs/reports/overload.md and .json
  --help`;

const NORMAL_SHARE = 0.6;
const WARM_UP_SECONDS = 120;
const AGENT_EACH = 10;
const DRAIN_WITHIN_SECONDS = 120;
/** Memories that have a bound are given little of it: a bound that is reached early is not mistaken for a leak, nor a leak for one. */
const smallMemories = { NEXUS_ANSWER_MEMORY_MB: '8', NEXUS_RUN_CACHE_MB: '8', NEXUS_THREAD_CACHE_MB: '8' };
const services = ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator', 'gateway'];

function readOptions() {
  const options = Object.fromEntries(['minutes', 'normal', 'factor', 'concurrency', 'latency-ms', 'queue-ms'].map((name) => [name, { type: 'string' }]));
  const { values } = parseArgs({ options: { ...options, report: { type: 'boolean' }, help: { type: 'boolean' } } });
  const { report = false, help: isHelp = false, ...given } = values;
  const numbers = { minutes: 10, normal: 60, factor: 3, concurrency: 192, 'latency-ms': 1_500, ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Number(value)])) };
  return { ...numbers, report, isHelp, numbers };
}

await main(async () => {
  const options = readOptions();
  if (options.isHelp) {
    console.log(help);
    return 0;
  }
  await ensureInstalled();
  await ensureRedisServer();
  await ensureBuilt();
  const [{ startRedis, startPostgres }, { Redis }, { default: pg }, { apiKey, startNexus }] = await Promise.all([import('@nexus/embedded'), import('ioredis'), import('pg'), import('../bench/nexus-processes.mjs')]);
  const stops = [];
  const started = (thing, stop) => (stops.push(stop), thing);
  try {
    const upstream = await startUpstream(options['latency-ms']).then((server) => started(server, () => server.close()));
    const redisServer = await startRedis({ appendonly: false }).then((server) => started(server, () => server.stop()));
    const postgres = await startPostgres({ persistent: false }).then((server) => started(server, () => server.stop()));
    const nexus = await startNexus({
      services, redisUrl: redisServer.url, databaseUrl: postgres.url(), upstream: upstream.url,
      environment: { ...smallMemories, NEXUS_ROUTER_CONCURRENCY: String(options.concurrency), ...(options['queue-ms'] && { NEXUS_MAX_QUEUE_MS: String(options['queue-ms']) }) },
      mains: { 'tool-executor': fileURLToPath(new URL('../bench/tool-executor-main.mjs', import.meta.url)) },
    }).then((processes) => started(processes, () => processes.stop()));
    const redis = started(new Redis(redisServer.url), () => redis.disconnect());
    const database = new pg.Client({ connectionString: postgres.url() });
    await database.connect();
    stops.push(() => database.end());
    const load = new Load(`http://127.0.0.1:${nexus.ports.gateway}`, apiKey, AGENT_EACH);
    stops.push(() => load.close());
    return await measure(options, { upstream, nexus, redis, redisPid: redisServer.pid, database, load });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
});

async function measure(options, { upstream, nexus, redis, redisPid, database, load }) {
  const capacity = options.concurrency / (options['latency-ms'] / 1_000);
  const [normalRate, overloadRate] = [capacity * NORMAL_SHARE, capacity * options.factor];
  const [normal, overload] = [new Results(), new Results()];
  const loop = monitorEventLoopDelay({ resolution: 5 });
  console.log(`capacity ${capacity.toFixed(0)} model calls a second; warming up with ${overloadRate.toFixed(0)} requests a second for ${WARM_UP_SECONDS} s ...`);
  await load.run(overloadRate, WARM_UP_SECONDS, new Results());
  await drainedAfter({ load, redis, database, withinSeconds: DRAIN_WITHIN_SECONDS });
  console.log(`${normalRate.toFixed(0)} requests a second for ${options.normal} s ...`);
  await load.run(normalRate, options.normal, normal);
  await drainedAfter({ load, redis, database, withinSeconds: DRAIN_WITHIN_SECONDS });
  console.log(`${overloadRate.toFixed(0)} requests a second for ${options.minutes} minutes ...`);
  const seconds = options.minutes * 60;
  const pids = { ...Object.fromEntries(Object.entries(nexus.processes).map(([name, child]) => [name, child.pid])), ...(redisPid && { redis: redisPid }) };
  const memory = watchMemory(pids);
  const [cpu, calls] = [process.cpuUsage(), upstream.calls()];
  loop.enable();
  await load.run(overloadRate, seconds, overload);
  loop.disable();
  const samples = memory.stop();
  const served = upstream.calls() - calls;
  const drainSeconds = await drainedAfter({ load, redis, database, withinSeconds: DRAIN_WITHIN_SECONDS });
  const lines = judge({ normal, overload, samples, drainSeconds, drainWithin: DRAIN_WITHIN_SECONDS });
  const used = process.cpuUsage(cpu);
  const facts = {
    'answered under normal load': String(normal.answered.model.length + normal.answered.agent.length),
    'answered under overload': String(overload.answered.model.length + overload.answered.agent.length),
    'refused under overload': String(overload.refused.length),
    'share of the capacity that was used': `${((served / seconds / capacity) * 100).toFixed(1)}%`,
    'accepted p50 under overload': `${Math.round(quantile(overload.answered.model, 0.5))} ms`,
    'delay of the sender p99': `${(loop.percentile(99) / 1e6).toFixed(1)} ms`,
    'CPU of the sender and the provider': `${((used.user + used.system) / 1e4 / seconds).toFixed(0)}%`,
  };
  for (const [name, value] of Object.entries(facts)) console.log(`${name}: ${value}`);
  for (const [error, count] of [...normal.errors, ...overload.errors]) console.log(`${count} x ${error}`);
  printTable(lines);
  if (options.report) {
    const settings = { options: options.numbers, at: new Date().toISOString().slice(0, 10), machine: `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}`, capacity, normalRate, overloadRate, agentEach: AGENT_EACH };
    writeReport(join(root, 'docs/reports'), settings, lines, facts);
  }
  return lines.every(({ isMet }) => isMet) ? 0 : 1;
}
