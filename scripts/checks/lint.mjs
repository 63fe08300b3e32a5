import { run, tool } from '../process.mjs';

/** ESLint on everything: types, style, the arrows between layers, import cycles. */
export const lint = {
  name: 'lint',
  title: 'eslint, with layers and import cycles',
  async run() {
    const { code, output } = await run(tool('eslint'), ['.', '--max-warnings', '0']);
    return { isOk: code === 0, output };
  },
};
