/** Services as processes, one replica of each for a release, behind one address for both releases, as a Service of Kubernetes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '@nexus/embedded';
import { nodeBinary, ScriptError } from '../../../scripts/process.mjs';

export const apps = ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator', 'gateway'];
export const variable = (app) => `NEXUS_${app.toUpperCase().replaceAll('-', '_')}`;

const children = new Set();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));

const READY_WITHIN_MS = 90_000;
const isReady = (port) => fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then(({ ok }) => ok, () => false);

/** One address that leads each new connection to the next of its ready ports. */
export async function startAddress() {
  const ports = new Set();
  let ready = [];
  let next = 0;
  const look = setInterval(async () => {
    const all = [...ports];
    const answers = await Promise.all(all.map(isReady));
    ready = all.filter((port, i) => answers[i] && ports.has(port));
  }, 200);
  const server = createServer((client) => {
    const port = ready[next++ % Math.max(1, ready.length)];
    if (port === undefined) return client.destroy();
    const replica = connect(port, '127.0.0.1');
    for (const [one, other] of [[client, replica], [replica, client]]) one.setNoDelay(true).on('error', () => one.destroy()).once('close', () => other.destroy());
    client.pipe(replica).pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, ports, close: () => (clearInterval(look), server.close()) };
}

/** Starts one replica of every service of the release built in `folder`; `addresses` learn their ports. */
export async function startRelease(folder, name, environment, addresses) {
  const replicas = await Promise.all(apps.map((app) => startReplica(folder, app, `${name}-${app}`, environment, addresses[app])));
  return {
    replicas,
    /** SIGTERM to all, which finish or hand over what they have; answers how each ended. */
    stop: () => Promise.all(replicas.map((replica) => replica.stop())),
  };
}

async function startReplica(folder, app, replica, environment, address) {
  const port = await freePort();
  const env = { ...environment, NEXUS_REPLICA: replica, NEXUS_CONFIG_DIR: join(folder, 'config'), [`${variable(app)}_PORT`]: String(port), ...(app === 'gateway' && { NEXUS_PORT: String(port) }) };
  const child = spawn(nodeBinary(), [join(folder, 'apps', app, 'dist/main.js')], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
  children.add(child);
  for (const deadline = Date.now() + READY_WITHIN_MS; !(await isReady(port)); await delay(200)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new ScriptError(`${replica} did not become ready:\n${output.slice(-3_000)}`);
  }
  address.ports.add(port);
  return {
    app,
    output: () => output,
    stop: async () => {
      child.kill('SIGTERM');
      const ended = await exited;
      address.ports.delete(port);
      return `${replica}: ${ended}`;
    },
  };
}
