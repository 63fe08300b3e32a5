/** Makes sure that a redis-server program is on the PATH, for the tests that start their own. */
import { installPackage, isOnPath, mayInstall } from './debian-package.mjs';
import { isMain, main, ScriptError } from './process.mjs';

const howTo =
  'The tests need redis-server 7.0 or newer on the PATH (they start private instances of it).\n' +
  '  Debian, Ubuntu:  sudo apt-get install redis-server   (then, if you want no system-wide Redis: sudo systemctl disable --now redis-server)\n' +
  '  macOS:           brew install redis\n' +
  '  Fedora:          sudo dnf install redis';

/**
 * Finds redis-server, or installs it on Debian and Ubuntu when run as root; the package's system service is not started.
 * @throws ScriptError that says how to install it.
 */
export async function ensureRedisServer() {
  if (isOnPath('redis-server')) return;
  if (!mayInstall()) throw new ScriptError(howTo);
  await installPackage('redis-server', 'redis-server', howTo);
}

if (isMain(import.meta.url)) await main(ensureRedisServer);
