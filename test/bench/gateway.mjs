// The gateway beside its peers: NEXUS as separate processes on private Redis and Postgres, measured by the peers' own script.
//   node test/bench/gateway.mjs PEERS_FOLDER PEERS_NODE [options of gateway-peers.mjs]
import { spawn } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { apiKey, freePort, startNexus } from './nexus-processes.mjs';

const [peers, peersNode, ...options] = process.argv.slice(2);
const lib = await import(pathToFileURL(join(peers, 'lib.mjs')).href);
const redis = await lib.startRedis();
const postgres = await lib.startPostgres();
const upstreamPort = await freePort();
const nexus = await startNexus({
  services: ['settings', 'usage', 'provider-router', 'gateway'],
  redisUrl: `redis://127.0.0.1:${redis.port}`, databaseUrl: postgres.url(), upstream: `http://127.0.0.1:${upstreamPort}/v1`,
});
const groups = { gateway: [nexus.processes.gateway.pid], 'provider-router': [nexus.processes['provider-router'].pid], usage: [nexus.processes.usage.pid], settings: [nexus.processes.settings.pid], redis: [redis.pid], postgres: [postgres.pid] };
const all = Object.values(groups).flat();
console.log(`pids ${JSON.stringify(groups)}`);
const target = `nexus=http://127.0.0.1:${nexus.ports.gateway}/v1/chat/completions,authorization=Bearer ${apiKey}`;
const before = Object.fromEntries(Object.entries(groups).map(([name, pids]) => [name, lib.cpuOf(pids)]));
const child = spawn(peersNode, [join(peers, 'gateway-peers.mjs'), '--upstream-port', String(upstreamPort), '--target', target, '--pid', `nexus=${all.join('+')}`, ...options], { cwd: peers, stdio: 'inherit' });
const code = await new Promise((resolve) => child.once('exit', resolve));
const used = Object.fromEntries(Object.entries(groups).map(([name, pids]) => [name, lib.cpuOf(pids) - before[name]]));
const total = Object.values(used).reduce((sum, seconds) => sum + seconds, 0);
console.log('CPU by process over the whole run:', Object.entries(used).map(([name, seconds]) => `${name} ${Math.round((seconds / total) * 100)}%`).join(', '));
await nexus.stop();
await lib.stopAll();
process.exit(code ?? 1);
