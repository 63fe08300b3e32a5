/** Makes sure that a redis-server program is on the PATH, for the tests that start their own. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMain, main, run, ScriptError, systemEnvironment } from './process.mjs';

const policyFile = '/usr/sbin/policy-rc.d';
const howTo =
  'The tests need redis-server 7.0 or newer on the PATH (they start private instances of it).\n' +
  '  Debian, Ubuntu:  sudo apt-get install redis-server   (then, if you want no system-wide Redis: sudo systemctl disable --now redis-server)\n' +
  '  macOS:           brew install redis\n' +
  '  Fedora:          sudo dnf install redis';

const isOnPath = (name) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

function hasApt() {
  return existsSync('/etc/os-release') && /debian|ubuntu/i.test(readFileSync('/etc/os-release', 'utf8')) && isOnPath('apt-get');
}

/**
 * Finds redis-server, or installs it on Debian and Ubuntu when run as root; the package's system service is not started.
 * @throws ScriptError that says how to install it.
 */
export async function ensureRedisServer() {
  if (isOnPath('redis-server')) return;
  if (!hasApt() || process.getuid?.() !== 0) throw new ScriptError(howTo);
  console.log('installing redis-server (once, for the tests) ...');
  const env = { ...systemEnvironment(), DEBIAN_FRONTEND: 'noninteractive' };
  // Debian's packages ask this file before they start their service; 101 means no
  const isPolicyOurs = !existsSync(policyFile);
  if (isPolicyOurs) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await run('apt-get', ['update', '-q'], { env });
    const result = await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'redis-server'], { env });
    if (result.code !== 0 || !isOnPath('redis-server')) throw new ScriptError(`apt-get could not install redis-server:\n${result.output}\n${howTo}`);
    // where another policy lets services start: only this installation can have started it
    await run('service', ['redis-server', 'stop'], { env });
  } finally {
    if (isPolicyOurs) rmSync(policyFile, { force: true });
  }
  console.log('redis-server is installed');
}

if (isMain(import.meta.url)) await main(ensureRedisServer);
