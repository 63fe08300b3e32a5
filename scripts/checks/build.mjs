import { build as compile } from '../bootstrap.mjs';
import { childEnvironment, nodeBinary, root, run } from '../process.mjs';

/** Compiles every package, then type-checks the tests and configs that no package compiles. */
export const build = {
  name: 'build',
  title: 'tsc -b, and the types of all tests',
  stopsOnFailure: true,
  async run() {
    const built = await compile();
    if (built.code !== 0) return { isOk: false, output: built.output };
    const args = [`${root}/node_modules/typescript7/bin/tsc`, '-p', 'tsconfig.all.json', '--pretty', 'false'];
    const { code, output } = await run(nodeBinary(), args, { env: childEnvironment() });
    return { isOk: code === 0, output };
  },
};
