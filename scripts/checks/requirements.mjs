import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nodeBinary, root, run, tool } from '../process.mjs';

const listFile = join(root, 'test/e2e/requirements.ts');

async function requirementIds() {
  const program = `import(${JSON.stringify(pathToFileURL(listFile).href)}).then((m) => console.log(JSON.stringify(Object.keys(m.requirements))))`;
  const { code, stdout, output } = await run(nodeBinary(), ['--input-type=module', '--eval', program]);
  if (code !== 0) throw new Error(`test/e2e/requirements.ts must export \`requirements\`, an object from id to promise:\n${output}`);
  return JSON.parse(stdout);
}

async function namesOfAllTests() {
  const { code, stdout, output } = await run(tool('vitest'), ['list', '--json']);
  if (code !== 0) throw new Error(`vitest list failed:\n${output}`);
  return JSON.parse(stdout).map(({ name }) => name);
}

/** Every requirement's id stands in the name of a test: one that passed in this run, else (no suite was run) one that exists. */
export const requirements = {
  name: 'requirements',
  title: 'every requirement is cited by a test',
  isLast: true,
  async run({ passedNames, areAllSuitesRun }) {
    if (!existsSync(listFile)) return { isOk: true, detail: 'test/e2e/requirements.ts is not there yet' };
    const ids = await requirementIds();
    const names = areAllSuitesRun ? passedNames : await namesOfAllTests();
    const isCited = (id) => names.some((name) => new RegExp(`(?<![\\w-])${RegExp.escape?.(id) ?? id}(?![\\w-])`).test(name));
    const problems = ids.filter((id) => !isCited(id)).map((id) => `${id} is cited by no ${areAllSuitesRun ? 'test that passed' : 'test'}`);
    if (ids.length === 0) problems.push('test/e2e/requirements.ts lists nothing');
    return { isOk: problems.length === 0, detail: `${ids.length} requirements`, output: problems.join('\n') };
  },
};
