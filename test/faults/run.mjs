/** `npm run faults`, `npm run faults:long` and the short form of `npm test`: builds what is not built, then runs main.ts; see its --help. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from '../../scripts/bootstrap.mjs';
import { handOver, main, nodeBinary, root } from '../../scripts/process.mjs';
import { ensureRedisServer } from '../../scripts/redis-server.mjs';

await main(async () => {
  await ensureInstalled();
  await ensureRedisServer();
  await ensureBuilt();
  const hooks = new URL('./typescript-hooks.mjs', import.meta.url).href;
  return handOver(nodeBinary(), ['--disable-warning=ExperimentalWarning', '--import', hooks, join(root, 'test/faults/main.ts'), ...process.argv.slice(2)]);
});
