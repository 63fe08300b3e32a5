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
  title: 'generated code and documentation are up to date',
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
    const docs = await generateDocs(join(folder, 'docs'));
    if (docs.output !== undefined) problems.push(docs.output);
    else problems.push(...differences(join(folder, 'docs'), 'npm run docs:gen'));
    return { isOk: problems.length === 0, detail: `${isFresh.size} code files, ${docs.count} documents`, output: problems.join('\n') };
  },
};

/** Runs `docs-gen.mjs --out <folder>`, which writes below the folder what it would else write below the root. */
async function generateDocs(folder) {
  const script = join(root, 'scripts/docs-gen.mjs');
  if (!existsSync(script)) return { count: 0 };
  const { code, output } = await run(nodeBinary(), [script, '--out', folder]);
  if (code !== 0) return { count: 0, output };
  const count = filesBelow(folder).length;
  return count > 0 ? { count } : { count, output: 'scripts/docs-gen.mjs --out <folder> wrote nothing into the folder' };
}
