import { run, tool } from '../process.mjs';

/** Files, exports and dependencies that nothing uses. */
export const unused = {
  name: 'unused',
  title: 'unused files, exports and dependencies (knip)',
  async run() {
    const { code, output } = await run(tool('knip'), ['--no-progress', '--no-config-hints']);
    return { isOk: code === 0, output };
  },
};
