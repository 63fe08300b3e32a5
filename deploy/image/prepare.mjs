/** `node prepare.mjs`: prepares every service that has a schema or channels, one after the other; the first that cannot be ends it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

for (const app of ['settings', 'usage', 'tool-executor', 'provider-router', 'orchestrator']) {
  const main = fileURLToPath(new URL(`apps/${app}/dist/main.js`, import.meta.url));
  const { status } = spawnSync(process.execPath, [main, '--prepare'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
