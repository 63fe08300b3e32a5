import { projectFiles } from '../files.mjs';
import { run, tool } from '../process.mjs';

const filesPerCall = 500;

/** Keys, tokens and passwords in files that git has or would take. */
export const secrets = {
  name: 'secrets',
  title: 'secrets in files (secretlint)',
  async run() {
    const files = await projectFiles();
    const outputs = [];
    for (let start = 0; start < files.length; start += filesPerCall) {
      const { code, output } = await run(tool('secretlint'), ['--no-glob', ...files.slice(start, start + filesPerCall)]);
      if (code !== 0) outputs.push(output);
    }
    return { isOk: outputs.length === 0, detail: `${files.length} files`, output: outputs.join('\n') };
  },
};
