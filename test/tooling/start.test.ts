import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createScratchWorkspace, type ScratchWorkspace } from './scratch-workspace.js';

let workspace: ScratchWorkspace;

/** Stands in for `nexus up`: says how it was called, leaves with 3 on --quit or --help, else on SIGTERM with 7, with --slow a second later. */
const program = `
console.log(JSON.stringify({ pid: process.pid, node: process.versions.node, args: process.argv.slice(2) }));
if (process.argv.includes('--quit') || process.argv.includes('--help')) process.exit(3);
process.on('SIGTERM', () => setTimeout(() => process.exit(7), process.argv.includes('--slow') ? 1_000 : 0));
setInterval(() => undefined, 1000);
`;

beforeAll(async () => {
  workspace = await createScratchWorkspace();
  const options = { rootDir: 'src', outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' };
  await workspace.write('tsconfig.json', JSON.stringify({ files: [], references: [{ path: 'apps/cli' }] }));
  await workspace.write('apps/cli/tsconfig.json', JSON.stringify({ extends: '../../tsconfig.base.json', compilerOptions: options, include: ['src'] }));
  await workspace.write('apps/cli/src/main.ts', program);
});

afterAll(() => workspace[Symbol.asyncDispose]());

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Starts a command in the workspace and waits for what the program says of itself. */
async function started(command: string, ...args: string[]) {
  const child = spawn(command, args, { cwd: workspace.folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const pid = await expect.poll(() => Number(/"pid":(\d+)/.exec(output)?.[1]), { timeout: 15_000 }).toBeGreaterThan(0).then(() => Number(/"pid":(\d+)/.exec(output)?.[1]));
  return { child, exited, pid, output: () => output };
}

describe('npm start', { timeout: 60_000 }, () => {
  it('builds, runs `nexus up` on Node 24 with its arguments, and returns its exit code', async () => {
    const { code, stdout } = await workspace.run('node', 'scripts/start.mjs', '--quit', '--port=1');
    expect(code).toBe(3);
    expect(stdout).toContain('building ...');
    expect(stdout).toContain('"args":["up","--quit","--port=1"]');
    expect(stdout).toMatch(/"node":"2[24]\./);
  });

  it('builds again only when a source changed', async () => {
    await workspace.run('node', 'scripts/start.mjs', '--quit');
    expect((await workspace.run('node', 'scripts/start.mjs', '--quit')).stdout).not.toContain('building');
    await workspace.write('apps/cli/src/main.ts', `${program}\n// changed\n`);
    expect((await workspace.run('node', 'scripts/start.mjs', '--quit')).stdout).toContain('building');
  });

  it('shows the words of the compiler and starts nothing when the build fails', async () => {
    await workspace.write('apps/cli/src/wrong.ts', `export const n: number = 'text';\n`);
    const { code, stderr, stdout } = await workspace.run('node', 'scripts/start.mjs', '--quit');
    await workspace.write('apps/cli/src/wrong.ts', undefined);
    expect(code).toBe(1);
    expect(stderr).toContain('wrong.ts(1,14): error TS2322');
    expect(stdout).not.toContain('"pid"');
  });

  it('hands SIGTERM on and waits for the end', async () => {
    const { child, exited, pid } = await started('node', 'scripts/start.mjs');
    child.kill('SIGTERM');
    expect(await exited).toEqual([7, null]);
    expect(isAlive(pid)).toBe(false);
  });

  it('leaves no process behind when npm itself is ended', async () => {
    const { child, pid } = await started('npm', 'start');
    child.kill('SIGTERM');
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
  });
});

describe('npm run dev', { timeout: 60_000 }, () => {
  const pids = (output: string) => [...output.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));

  it('starts anew when what it runs has changed', async () => {
    const { child, exited, output } = await started('node', 'scripts/dev.mjs');
    await appendFile(join(workspace.folder, 'apps/cli/dist/main.js'), '\n');
    await expect.poll(() => pids(output()).length, { timeout: 15_000 }).toBe(2);
    child.kill('SIGTERM');
    await exited;
    expect(pids(output()).filter(isAlive)).toEqual([]);
  });

  it('starts nothing anew while it ends', async () => {
    const { child, output } = await started('node', 'scripts/dev.mjs', '--slow');
    child.kill('SIGTERM');
    await appendFile(join(workspace.folder, 'apps/cli/dist/main.js'), '\n');
    const isClosed = once(child, 'close').then(() => true, () => false); // as long as anything it started runs, its output is open
    const isLate = expect.poll(() => pids(output()).length, { timeout: 5_000 }).toBeGreaterThan(1).then(() => false, () => false);
    const hasEnded = await Promise.race([isClosed, isLate]);
    for (const pid of pids(output()).filter(isAlive)) process.kill(pid, 'SIGKILL');
    expect(hasEnded).toBe(true);
    expect(pids(output())).toHaveLength(1);
  });

  it('only tells its options when asked for help', async () => {
    const { code, stdout } = await workspace.run('node', 'scripts/dev.mjs', '--help');
    expect(code).toBe(3);
    expect(stdout).toContain('"args":["up","--help"]');
  });
});

describe('an option that a script does not know', () => {
  it.each(['scripts/test.mjs', 'scripts/docs-gen.mjs'])('is named by %s, without a stack', async (script) => {
    const { code, stderr } = await workspace.run('node', script, '--nonsense');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Unknown option '--nonsense'[^\n]*\n$/);
  });
});
