// `npm run bench:telemetry`: which share of the work of NEXUS goes into metrics, logs and traces. See --help. Exit code 1 above the limit.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build, ensureInstalled } from '../../scripts/bootstrap.mjs';
import { main, ScriptError } from '../../scripts/process.mjs';
import { apiKey, freePort, startNexus } from './nexus-processes.mjs';
import { shareOf } from './telemetry/profile-share.mjs';
import { startUpstream } from './telemetry/upstream.mjs';

const help = `npm run bench:telemetry [-- options]

Starts every service as a process of its own under a CPU profiler, on a private Redis and Postgres and in front of a model that answers at
once; asks models and agents for some time, scrapes every service as Prometheus would, and tells from the profiles which part of the work lay
in the code that measures, traces and logs. Nothing is switched off for it: what is measured is what runs.

  --seconds N      default 30
  --concurrency N  default 32
  --scrape N       seconds between two scrapes, default 15
  --limit N        percent of the work, default 5
  --trace R        share of the traces that is sampled, to a collector that throws them away; default: no collector, no traces
  --help`;

const SERVICES = ['gateway', 'settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator'];

await main(async () => {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({ options: { seconds: text('30'), concurrency: text('32'), scrape: text('15'), limit: text('5'), trace: { type: 'string' }, help: { type: 'boolean' } } });
  if (values.help) return void console.log(help);
  await ensureInstalled();
  const built = await build();
  if (built.code !== 0) throw new ScriptError(`the build failed:\n${built.output}`);
  const { startPostgres, startRedis } = await import('@nexus/embedded');
  const profiles = mkdtempSync(join(tmpdir(), 'nexus-profiles-'));
  process.env.NEXUS_BENCH_PROFILE = profiles;
  const port = await freePort();
  const [postgres, redis, upstream] = await Promise.all([startPostgres({ persistent: false }), startRedis({ appendonly: false }), startUpstream(port)]);
  try {
    const nexus = await startNexus({
      services: SERVICES, redisUrl: redis.url, databaseUrl: postgres.url(), upstream: `http://127.0.0.1:${port}/v1`,
      environment: { NEXUS_LOG_LEVEL: 'info', ...(values.trace !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_TRACES_SAMPLER_ARG: values.trace }) },
      mains: { 'tool-executor': fileURLToPath(new URL('./tool-executor-main.mjs', import.meta.url)) },
    });
    const answered = await load(nexus.ports, Number(values.seconds) * 1_000, Number(values.concurrency), Number(values.scrape) * 1_000).finally(nexus.stop);
    console.log(`${answered.models} model calls and ${answered.agents} agent turns answered in ${values.seconds} s, ${answered.scrapes} scrapes, ${answered.failed} failed`);
    if (answered.failed > 0) throw new ScriptError('requests failed: what was measured is not NEXUS at work');
    return tell(profiles, Number(values.limit));
  } finally {
    upstream.close();
    await Promise.all([redis.stop(), postgres.stop()]);
    rmSync(profiles, { recursive: true, force: true });
  }
});

async function load(ports, ms, concurrency, scrapeEveryMs) {
  const counts = { models: 0, agents: 0, scrapes: 0, failed: 0 };
  const end = performance.now() + ms;
  const ask = async (model) => {
    const response = await fetch(`http://127.0.0.1:${ports.gateway}/v1/chat/completions`, {
      method: 'POST', headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Please use the tool and answer in one sentence.' }] }),
    });
    await response.arrayBuffer();
    return response.ok;
  };
  const client = async (i) => {
    const isAgent = i % 2 === 0;
    while (performance.now() < end) {
      const isOk = await ask(isAgent ? 'agent/default' : 'bench/fake').catch(() => false);
      counts[isOk ? (isAgent ? 'agents' : 'models') : 'failed']++;
    }
  };
  const scraper = setInterval(() => {
    for (const service of SERVICES) void fetch(`http://127.0.0.1:${ports[service]}/metrics`).then((response) => response.text()).then(() => counts.scrapes++);
  }, scrapeEveryMs);
  await Promise.all(Array.from({ length: concurrency }, (_, i) => client(i)));
  clearInterval(scraper);
  return counts;
}

function tell(folder, limit) {
  const shares = readdirSync(folder).map((file) => ({ service: file.replace('.cpuprofile', ''), ...shareOf(join(folder, file)) }));
  if (shares.length < SERVICES.length) throw new ScriptError(`only ${shares.length} of ${SERVICES.length} processes left a profile`);
  const percent = (watchingMs, workMs) => (watchingMs / Math.max(workMs, 1)) * 100;
  for (const { service, workMs, watchingMs } of shares) console.log(`${service.padEnd(16)}${(workMs / 1_000).toFixed(1).padStart(7)} s of work${percent(watchingMs, workMs).toFixed(2).padStart(8)}%`);
  const sum = (name) => shares.reduce((total, share) => total + share[name], 0);
  const share = percent(sum('watchingMs'), sum('workMs'));
  console.log(`${'together'.padEnd(16)}${(sum('workMs') / 1_000).toFixed(1).padStart(7)} s of work${share.toFixed(2).padStart(8)}%  (limit ${limit}%)`);
  return share <= limit ? 0 : 1;
}
