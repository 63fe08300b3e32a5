// Starts NEXUS as it runs in production: every service its own process, real Redis, real Postgres. For benchmarks.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
export const serviceToken = 'benchmark-service-token-0001';
export const developmentTenant = '00000000-0000-7000-8000-000000000001';
export const apiKey = 'nxs_benchmark_key_0000000000000000000000000000';

export const freePort = () => new Promise((resolve, reject) => {
  const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

const providers = (upstream) => `providers:
  - name: bench
    base_url: ${upstream}
    offered_when: always
    models:
      - { id: "fake*", price: { input: 0.15, output: 0.6 }, max_output_tokens: 4096, context_window: 128000, supports: { tools: true } }
`;
const agents = `agents:
  default:
    model: fake
    instructions: You are a helpful assistant of a company. Use the tool when you are asked to.
    tools: [lookup]
    max_steps: 4
    deadline_seconds: 60
    max_history_messages: 1000
`;

/** Starts the named services; resolves with their processes and ports once all answer. */
export async function startNexus({ services, redisUrl, databaseUrl, upstream, prefix = '', environment = {}, mains = {} }) {
  const folder = mkdtempSync(join(tmpdir(), 'nexus-bench-'));
  writeFileSync(join(folder, 'providers.yaml'), providers(upstream));
  writeFileSync(join(folder, 'agents.yaml'), agents);
  writeFileSync(join(folder, 'prices.json'), '{"models":{}}');
  const ports = {};
  for (const service of ['gateway', 'orchestrator', 'provider-router', 'tool-executor', 'settings', 'usage']) ports[service] = await freePort();
  const named = (suffix, value) => Object.fromEntries(Object.entries(ports).map(([service, port]) => [`NEXUS_${service.toUpperCase().replace('-', '_')}_${suffix}`, value(port)]));
  const env = {
    ...process.env, ...named('PORT', String), ...named('URL', (port) => `http://127.0.0.1:${port}`), NEXUS_PORT: String(ports.gateway),
    REDIS_URL: redisUrl, DATABASE_URL: databaseUrl, NEXUS_REDIS_PREFIX: prefix, NEXUS_SERVICE_TOKEN: serviceToken, NEXUS_CONFIG_DIR: folder,
    NEXUS_DEV_API_KEY: apiKey, NEXUS_LOG_LEVEL: 'warn', NODE_ENV: 'production', ...environment,
  };
  const processes = {};
  const start = async (service) => {
    const main = mains[service] ?? join(root, 'apps', service, 'dist', 'main.js');
    const log = join(folder, `${service}.log`);
    const fd = openSync(log, 'a');
    const flags = process.env.NEXUS_BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${process.env.NEXUS_BENCH_PROFILE}`, `--cpu-prof-name=${service}.cpuprofile`] : [];
    const child = spawn(process.execPath, [...flags, main], { cwd: root, env, stdio: ['ignore', fd, fd] });
    processes[service] = child;
    await answers(`http://127.0.0.1:${ports[service]}/health/ready`, child, log);
  };
  const stop = async () => {
    await Promise.all(Object.values(processes).map((child) => new Promise((resolve) => {
      if (child.exitCode !== null) return resolve();
      child.once('exit', resolve);
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), 8_000).unref();
    })));
    if (!process.env.NEXUS_BENCH_KEEP) rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start('settings'); // makes the development tenant and its key
    await Promise.all(services.filter((service) => service !== 'settings').map(start));
    await setBudget(ports.usage, 1_000_000_000_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, processes, serviceToken, folder, stop };
}

async function answers(url, child, log, ms = 30_000) {
  for (const end = Date.now() + ms; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (child.exitCode !== null) throw new Error(`a service ended with ${child.exitCode}, see ${log}`);
    const ok = await fetch(url).then((response) => response.ok, () => false);
    if (ok) return;
  }
  throw new Error(`${url} did not answer, see ${log}`);
}

/** A ceiling that is never reached, so that every call really reserves against a budget. */
async function setBudget(port, limit) {
  const response = await fetch(`http://127.0.0.1:${port}/nexus.usage.v1.UsageService/SetBudget`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${serviceToken}`, 'x-nexus-tenant': developmentTenant },
    body: JSON.stringify({ name: 'development', period: 'day', limitMicroUsd: String(limit) }),
  });
  if (!response.ok) throw new Error(`the budget could not be set: ${response.status} ${await response.text()}`);
}
