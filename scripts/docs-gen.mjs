/**
 * `npm run docs:gen`: writes the documentation that is made from sources (docs/channels.md, docs/schemas, docs/configuration.md,
 * docs/errors.md, docs/metrics.md, and the dashboards of deploy/grafana). `--out <folder>` writes below that folder instead; `--check` writes nothing, and fails when something there differs. Both take the code as it is built.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBuilt, ensureInstalled } from './bootstrap.mjs';
import { handOver, main, nodeBinary, root } from './process.mjs';

/** Folders in which every file is generated: what no source asks for any more is removed. */
const generatedFolders = ['docs/schemas', 'deploy/grafana/dashboards'];

/** Paths in generated folders that are not among the documents. */
function leftovers(folder, documents) {
  return generatedFolders
    .filter((path) => existsSync(join(folder, path)))
    .flatMap((path) => readdirSync(join(folder, path)).map((name) => `${path}/${name}`))
    .filter((path) => !documents.has(path));
}

function check(folder, documents) {
  const read = (path) => (existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined);
  const problems = [...documents].filter(([path, text]) => read(path) !== text).map(([path]) => `${path} is not what \`npm run docs:gen\` writes; run it and commit the result`);
  problems.push(...leftovers(folder, documents).map((path) => `${path} has no source any more; run \`npm run docs:gen\` and commit the result`));
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${documents.size} documents are up to date`);
  return problems.length === 0 ? 0 : 1;
}

function write(folder, documents) {
  for (const path of leftovers(folder, documents)) rmSync(join(folder, path));
  for (const [path, text] of documents) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  console.log(`${documents.size} documents written`);
  return 0;
}

await main(async () => {
  const { values } = parseArgs({ options: { out: { type: 'string' }, check: { type: 'boolean' } } });
  if (values.out === undefined && !values.check) {
    await ensureInstalled();
    await ensureBuilt();
  }
  // It loads the built code, which needs the Node that it is built for.
  const node = nodeBinary();
  if (realpathSync(process.execPath) !== realpathSync(node)) return handOver(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)]);
  const { generateDocuments } = await import('./docs/documents.mjs');
  const documents = await generateDocuments(root);
  const folder = values.out === undefined ? root : resolve(values.out);
  return values.check ? check(folder, documents) : write(folder, documents);
});
