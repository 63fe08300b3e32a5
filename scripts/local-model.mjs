/** `npm run local-model`: the model of NEXUS_LOCAL_MODEL, as a server of its own. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled } from './bootstrap.mjs';
import { handOver, main, nodeBinary, root } from './process.mjs';

await main(async () => {
  await ensureInstalled();
  const node = nodeBinary();
  await ensureBuilt();
  return handOver(node, ['--enable-source-maps', join(root, 'apps/local-model/dist/main.js')]);
});
