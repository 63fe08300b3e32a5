import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { nodeBinary, root, run, tool } from '../process.mjs';

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** What differs between freshly generated files and the ones in the workspace. */
function differences(fresh, command) {
  return filesBelow(fresh)
    .map((file) => relative(fresh, file))
    .filter((path) => read(join(fresh, path)) !== read(join(root, path)))
    .map((path) => `${path} is not what \`${command}\` writes; run it and commit the result`);
}

/** Generated files are what their generators write from the sources of today. */
export const generated = {
  name: 'generated',
  title: 'generated code is up to date',
  async run({ folder }) {
    const code = join(folder, 'code');
    const buf = await run(tool('buf'), ['generate', '--output', code]);
    if (buf.code !== 0) return { isOk: false, output: buf.output };
    const problems = differences(code, 'npm run proto:gen');
    const isFresh = new Set(filesBelow(code).map((file) => relative(code, file)));
    for (const file of filesBelow(join(root, 'libs/contracts/src/gen'))) {
      const path = relative(root, file);
      if (!isFresh.has(path)) problems.push(`${path} has no source any more; run \`npm run proto:gen\` and commit the result`);
    }
    return { isOk: problems.length === 0, detail: `${isFresh.size} code files`, output: problems.join('\n') };
  },
};

/** Generated pages are what their generators write from the sources of today; needs the build. */
export const documentation = {
  name: 'documentation',
  title: 'generated documentation is up to date',
  async run() {
    const { code, output } = await run(nodeBinary(), [join(root, 'scripts/docs-gen.mjs'), '--check']);
    return { isOk: code === 0, detail: code === 0 ? output.trim() : undefined, output };
  },
};
