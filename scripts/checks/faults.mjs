import { join } from 'node:path';
import { nodeBinary, root, run } from '../process.mjs';

/** The short form of the fault harness: each failpoint once, 10 kills at random, 500 runs, and everything comes out right. */
export const faults = {
  name: 'faults',
  title: 'kills and failpoints under load, short form',
  isLast: true,
  needsRedis: true,
  async run() {
    const { code, output, hasTimedOut } = await run(nodeBinary(), [join(root, 'test/faults/run.mjs'), '--short'], { live: true, timeoutMs: 240_000 });
    return { isOk: code === 0, output, detail: hasTimedOut ? 'it took longer than 4 minutes' : undefined };
  },
};
