/**
 * npm run bench [-- gateway channels agent] [-- --rounds 3]: NEXUS beside its peers, in one run on one machine.
 * The peers' suite is the folder NEXUS_BENCH_PEERS (default ../shared/bench); it is copied into the data folder and installed there.
 * NEXUS_BENCH_PEERS_NODE names the Node that the peers run on; default: the one that NEXUS runs on.
 */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build, ensureInstalled } from '../../scripts/bootstrap.mjs';
import { handOver, main, nodeBinary, root, run, ScriptError } from '../../scripts/process.mjs';

const all = ['gateway', 'channels', 'agent'];

await main(async () => {
  const args = process.argv.slice(2);
  const chosen = args.filter((arg) => all.includes(arg));
  const options = args.filter((arg) => !all.includes(arg));
  await ensureInstalled();
  const built = await build();
  if (built.code !== 0) throw new ScriptError(`the build failed:\n${built.output}`);
  const peers = await installPeers();
  const node = nodeBinary();
  const peersNode = process.env.NEXUS_BENCH_PEERS_NODE ?? node;
  process.env.NEXUS_BENCH_PEERS = peers;
  const bench = (name) => join(root, 'test/bench', name);
  const commands = {
    gateway: [node, [bench('gateway.mjs'), peers, peersNode, ...options]],
    channels: [peersNode, [join(peers, 'bus-peers.mjs'), '--target-cmd', `nexus="${node}" "${bench('channels.mjs')}"`, ...options]],
    agent: [peersNode, [join(peers, 'agent-peers.mjs'), '--target-cmd', `nexus="${node}" "${bench('agent.mjs')}"`, ...options]],
  };
  let worst = 0;
  for (const name of chosen.length > 0 ? chosen : all) {
    console.log(`\n${name} ...`);
    worst = Math.max(worst, await handOver(...commands[name]));
  }
  return worst;
});

/** A copy of the peers' suite that is installed; the original is left alone. */
async function installPeers() {
  const source = resolve(root, process.env.NEXUS_BENCH_PEERS ?? '../shared/bench');
  if (!existsSync(join(source, 'gateway-peers.mjs'))) throw new ScriptError(`${source} holds no suite of peers: set NEXUS_BENCH_PEERS to its folder`);
  if (existsSync(join(source, 'node_modules'))) return source;
  const folder = join(root, '.nexus/bench-peers');
  if (existsSync(join(folder, 'node_modules/.package-lock.json'))) return folder;
  console.log('installing the peers (once, some minutes) ...');
  mkdirSync(folder, { recursive: true });
  cpSync(source, folder, { recursive: true, mode: 0o644, filter: (path) => !path.includes('node_modules') });
  const { code, output } = await run('npm', ['install', '--prefix', folder], { cwd: folder, timeoutMs: 900_000 });
  if (code !== 0) throw new ScriptError(`the peers could not be installed:\n${output}`);
  return folder;
}
