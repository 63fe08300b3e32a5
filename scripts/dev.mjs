/** `npm run dev`: compiles on every change and restarts `nexus up` when what it runs has changed. */
import { spawn } from 'node:child_process';
import { existsSync, watch } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './bootstrap.mjs';
import { childEnvironment, handOver, killGroup, main, nodeBinary, root } from './process.mjs';

const quietMs = 300;
const entry = join(root, 'apps/cli/dist/main.js');

await main(async () => {
  await ensureInstalled();
  await ensureBuilt();
  if (process.argv.slice(2).some((option) => option === '--help' || option === '-h')) return handOver(nodeBinary(), [entry, 'up', '--help']);
  const compiler = start(nodeBinary(), [join(root, 'node_modules/typescript7/bin/tsc'), '-b', '--watch', '--preserveWatchOutput', root]);
  let nexus = up();
  let timer;
  let turn = Promise.resolve();
  let isEnding = false;
  const restart = () => {
    turn = turn.then(async () => {
      if (isEnding) return;
      console.log('sources changed: restarting ...');
      await stop(nexus);
      nexus = up();
    });
  };
  for (const folder of ['libs', 'apps']) {
    watch(join(root, folder), { recursive: true }, (_event, name) => {
      if (name === null || !/\bdist\b.*\.js$/.test(name) || !existsSync(entry)) return;
      clearTimeout(timer);
      timer = setTimeout(restart, quietMs);
    });
  }
  const ended = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, resolve);
    compiler.once('exit', resolve);
  });
  await ended;
  isEnding = true;
  clearTimeout(timer);
  await turn;
  await Promise.all([stop(compiler), stop(nexus)]);
  process.exit(0);

  function up() {
    return start(nodeBinary(), ['--enable-source-maps', entry, 'up', ...process.argv.slice(2)]);
  }
});

/** Children get a process group of their own, so that Ctrl-C reaches them once, through stop(). */
function start(command, args) {
  return spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: childEnvironment(), detached: process.platform !== 'win32' });
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  killGroup(child, 'SIGTERM');
  const timer = setTimeout(() => killGroup(child, 'SIGKILL'), 10_000);
  await exited;
  clearTimeout(timer);
}
