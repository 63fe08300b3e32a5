/** `npm start`: from a clean clone to a serving NEXUS. Arguments are passed on to `nexus up`. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './bootstrap.mjs';
import { handOver, main, nodeBinary, root } from './process.mjs';

await main(async () => {
  await ensureInstalled();
  const node = nodeBinary();
  await ensureBuilt();
  return handOver(node, ['--enable-source-maps', join(root, 'apps/cli/dist/main.js'), 'up', ...process.argv.slice(2)]);
});
