import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScratchWorkspace, type ScratchWorkspace } from './scratch-workspace.js';

let workspace: ScratchWorkspace;

beforeAll(async () => {
  workspace = await createScratchWorkspace();
  await workspace.write('vitest.config.ts', `export default { test: { include: ['libs/**/*.test.ts'] } };\n`);
  await workspace.write('libs/core/src/kept.test.ts', `import { it } from 'vitest';\nit('keeps a promise (KEPT-1)', () => undefined);\n`);
});

afterAll(() => workspace[Symbol.asyncDispose]());

/** A secret that is none, put together here so that the scan of this file finds nothing. */
const fakeAwsKey = ['AKIA', 'Z7QX4M2WJ5T9RKVB'].join('');

const person = (fields: string) => `syntax = "proto3";\npackage nexus.probe.v1;\n// A person.\nmessage Person {\n${fields}}\n`;

/** Each plants a fault, sees the check fail, takes it back and sees the check pass. */
const faults = [
  { check: 'secrets', path: 'apps/usage/src/key.ts', fault: `export const key = '${fakeAwsKey}';\n`, mended: undefined, says: 'AWS' },
  { check: 'file-size', path: 'apps/usage/src/long.ts', fault: '// line\n'.repeat(401), mended: '// line\n'.repeat(400), says: '401 lines' },
  { check: 'proto-lint', path: 'proto/nexus/probe/v1/probe.proto', fault: person('  string FirstName = 1;\n'), mended: person('  string name = 1;\n'), says: 'FirstName' },
  { check: 'generated', path: 'proto/nexus/probe/v1/probe.proto', fault: person('  string name = 1;\n'), mended: undefined, says: 'npm run proto:gen' },
  { check: 'requirements', path: 'test/e2e/requirements.ts', fault: `export const requirements = { 'KEPT-1': '', 'KEPT-10': '' };\n`, mended: `export const requirements = { 'KEPT-1': '' };\n`, says: 'KEPT-10 is cited by no test' },
  { check: 'unit', path: 'libs/core/src/wrong.test.ts', fault: `import { expect, it } from 'vitest';\nit('adds', () => expect(1 + 1).toBe(3));\n`, mended: undefined, says: '1 failed' },
  { check: 'unit', path: 'libs/core/src/broken.test.ts', fault: `import './nowhere.js';\n`, mended: undefined, says: '1 failed' },
];

describe('npm test', { timeout: 60_000 }, () => {
  it.each(faults)('fails in $check for a fault in $path, and passes without it', async ({ check, path, fault, mended, says }) => {
    await workspace.write(path, fault);
    const faulty = await workspace.check(check);
    await workspace.write(path, mended);
    const good = await workspace.check(check);
    await workspace.write(path, undefined);
    expect(faulty).toMatchObject({ code: 1, stdout: expect.stringContaining(says) as string });
    expect(faulty.stdout).toMatch(/^\d+ passed, 1 failed$/m);
    expect(good.stdout).toMatch(/^\d+ passed, 0 failed$/m);
    expect(good.code).toBe(0);
  });

  it('refuses a check that does not exist', async () => {
    expect((await workspace.check('lint,nothing')).code).toBe(1);
  });
});

describe('proto-breaking', { timeout: 60_000 }, () => {
  it('says what it compared with, and refuses a break unless a commit declares it', async () => {
    await using scratch = await createScratchWorkspace();
    const path = 'proto/nexus/probe/v1/probe.proto';
    expect((await scratch.check('proto-breaking')).stdout).toContain('nothing compared: no commit yet');

    await scratch.write(path, person('  string name = 1;\n'));
    await scratch.commit('feat: add a person');
    expect((await scratch.check('proto-breaking')).stdout).toContain('compared with HEAD, the first commit');
    expect((await scratch.check('proto-breaking')).code).toBe(0);

    await scratch.write(path, person('  int64 name = 1;\n'));
    expect(await scratch.check('proto-breaking')).toMatchObject({ code: 1, stdout: expect.stringContaining('Field "1"') as string });

    await scratch.commit('feat: number people');
    const undeclared = await scratch.check('proto-breaking');
    expect(undeclared).toMatchObject({ code: 1, stdout: expect.stringContaining('compared with the parent of HEAD') as string });

    await scratch.run('git', '-c', 'user.name=test', '-c', 'user.email=test@test.invalid', 'commit', '--quiet', '--amend', '--message', 'feat!: number people');
    const declared = await scratch.check('proto-breaking');
    expect(declared).toMatchObject({ code: 0, stdout: expect.stringContaining('breaks are declared by "feat!: number people"') as string });
  });
});
