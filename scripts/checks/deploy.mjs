import { join } from 'node:path';
import { nodeBinary, root, run } from '../process.mjs';

/** The image, Compose and Kubernetes: what is written there fits the code of today. */
export const deploy = {
  name: 'deploy',
  title: 'Dockerfile, Compose and the Kubernetes overlays, against their schemas and the code',
  async run() {
    // it loads the built code, which needs the Node that it is built for
    const { code, stdout, output } = await run(nodeBinary(), [join(root, 'scripts/deploy/main.mjs')]);
    return { isOk: code === 0, detail: stdout.trim().split('\n').at(-1), output };
  },
};
