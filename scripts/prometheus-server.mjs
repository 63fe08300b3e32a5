/** Gets prometheus and promtool onto the PATH, for the tests of metrics, dashboards and alerts; without them those are skipped, and say so. */
import { installPackage, isOnPath, mayInstall } from './debian-package.mjs';
import { isMain, main } from './process.mjs';

const howTo =
  'Tests of dashboards and alerts need prometheus and promtool 2.42 or newer on the PATH; they are skipped without.\n' +
  '  Debian, Ubuntu:  sudo apt-get install prometheus   (then, if you want no system-wide Prometheus: sudo systemctl disable --now prometheus)\n' +
  '  elsewhere:       https://prometheus.io/download';

/** Finds them, or installs them on Debian and Ubuntu when run as root. Never fails: it says what is missing. */
export async function offerPrometheus() {
  if (isOnPath('prometheus') && isOnPath('promtool')) return;
  if (!mayInstall()) return console.log(howTo);
  await installPackage('prometheus', 'promtool', howTo).catch((error) => console.log(error.message));
}

if (isMain(import.meta.url)) await main(offerPrometheus);
