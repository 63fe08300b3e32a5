/** Installs Debian packages whose programs the tests start themselves; their system services stay down. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { run, ScriptError, systemEnvironment } from './process.mjs';

const policyFile = '/usr/sbin/policy-rc.d';

/** True when a program of this name is on the PATH. */
export const isOnPath = (name) => (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

/** True on Debian and Ubuntu, as root. */
export function mayInstall() {
  const isDebian = existsSync('/etc/os-release') && /debian|ubuntu/i.test(readFileSync('/etc/os-release', 'utf8')) && isOnPath('apt-get');
  return isDebian && process.getuid?.() === 0;
}

/**
 * Installs the package `name`, whose service has the same name, until `program` is on the PATH.
 * @throws ScriptError with what apt-get said, and `howTo`.
 */
export async function installPackage(name, program, howTo) {
  console.log(`installing ${name} (once, for the tests) ...`);
  const env = { ...systemEnvironment(), DEBIAN_FRONTEND: 'noninteractive' };
  // Debian's packages ask this file before they start their service; 101 means no
  const isPolicyOurs = !existsSync(policyFile);
  if (isPolicyOurs) writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await run('apt-get', ['update', '-q'], { env });
    const result = await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], { env });
    if (result.code !== 0 || !isOnPath(program)) throw new ScriptError(`apt-get could not install ${name}:\n${result.output}\n${howTo}`);
    // where another policy lets services start: only this installation can have started it
    await run('service', [name, 'stop'], { env });
  } finally {
    if (isPolicyOurs) rmSync(policyFile, { force: true });
  }
  console.log(`${name} is installed`);
}
