import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

const tooling = [
  'eslint.config.mjs', 'tsconfig.base.json', 'tsconfig.all.json', 'package.json', 'package-lock.json', '.gitignore', '.secretlintrc.json',
  'buf.yaml', 'buf.gen.yaml', 'scripts', 'proto', 'libs/contracts/src/gen',
];

/** How a command ended, and what it said. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A copy of the workspace's tooling and packages without their sources, where a test may plant a fault that nobody else sees. */
export interface ScratchWorkspace {
  /** The absolute path of the copy. */
  readonly folder: string;
  /** Writes a file, its path relative to the copy; with undefined removes it. */
  write(path: string, text: string | undefined): Promise<void>;
  /** Runs a command in the copy; a failing one is a result, not an error. */
  run(command: string, ...args: string[]): Promise<CommandResult>;
  /** Runs the named checks of `npm test`. */
  check(names: string): Promise<CommandResult>;
  /** Commits everything in the copy. */
  commit(message: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Makes a copy below the system's temporary folder, a git repository without commits; node_modules is shared by a link. */
export async function createScratchWorkspace(): Promise<ScratchWorkspace> {
  const folder = await mkdtemp(join(tmpdir(), 'nexus-scratch-'));
  const manifests = ['libs', 'apps'].flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}/package.json`));
  for (const path of [...tooling, ...manifests]) await cp(join(root, path), join(folder, path), { recursive: true });
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));

  const run: ScratchWorkspace['run'] = (command, ...args) =>
    new Promise((resolve) => {
      const env = { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH ?? ''}` };
      execFile(command, args, { cwd: folder, env, maxBuffer: 50_000_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
    });
  await run('git', 'init', '--quiet', '--initial-branch', 'main');

  return {
    folder,
    run,
    async write(path, text) {
      const file = join(folder, path);
      if (text === undefined) return rm(file, { force: true });
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    },
    check: (names) => run('node', 'scripts/test.mjs', '--only', names),
    async commit(message) {
      await run('git', 'add', '--all', '--', ':!node_modules');
      await run('git', '-c', 'user.name=test', '-c', 'user.email=test@test.invalid', 'commit', '--quiet', '--message', message);
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
