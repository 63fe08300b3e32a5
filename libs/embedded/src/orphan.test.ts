import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { z } from 'zod';
import { canExecute } from './account.js';
import { startPostgres } from './postgres.js';
import { commandLine, processBeginning } from './process-identity.js';

const test = fileURLToPath(new URL('../test', import.meta.url));
const SOURCES = ['--disable-warning=ExperimentalWarning', '--experimental-transform-types', '--conditions=@nexus/source', '--import', join(test, 'run-sources.mjs')];
const told = z.object({ postgres: z.number(), redis: z.number(), folders: z.array(z.string()), url: z.string() });
const nobody = { uid: 65_534, gid: 65_534 };

vi.setConfig({ testTimeout: 60_000 });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-orphan-'));
  chmodSync(folder, 0o755);
  // Runs last of what a test registers here: after the servers have stopped.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function own(dataDir: string, account: { uid?: number; gid?: number } = {}): ChildProcess {
  const owner = spawn(process.execPath, [...SOURCES, join(test, 'owner.mjs'), dataDir], { ...account, cwd: '/', detached: true });
  onTestFinished(() => void owner.kill('SIGKILL'));
  return owner;
}

async function says(owner: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    owner.stderr?.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
    owner.stdout?.once('data', (bytes: Buffer) => resolve(bytes.toString()));
    owner.once('close', () => reject(new Error(complaint)));
  });
}

async function ready(owner: ChildProcess): Promise<z.infer<typeof told>> {
  return told.parse(JSON.parse(await says(owner)));
}

/** The watchdogs of `pids`: processes that carry the pid as an argument. */
function watchdogsOf(...pids: number[]): number[] {
  const listed = process.platform === 'linux' ? readdirSync('/proc') : spawnSync('ps', ['-eo', 'pid='], { encoding: 'utf8' }).stdout.trim().split(/\s+/);
  const all = listed.map(Number).filter((pid) => pid > 0);
  return all.filter((pid) => pids.some((target) => commandLine(pid).includes(`nexus-watchdog ${target} `)));
}

const isAlive = (pid: number): boolean => processBeginning(pid) !== undefined;
const soon = { timeout: 10_000, interval: 25 };

it('ends temporary servers and removes their folders when their owner is killed', async () => {
  const owner = own('');
  const { postgres, redis, folders } = await ready(owner);
  expect([postgres, redis].map(isAlive)).toEqual([true, true]);
  owner.kill('SIGKILL');
  await expect.poll(() => [postgres, redis].some(isAlive), soon).toBe(false);
  await expect.poll(() => folders.some((path) => existsSync(path)), soon).toBe(false);
  await expect.poll(() => watchdogsOf(postgres, redis), soon).toEqual([]);
});

it('ends the servers when their owner just leaves, but a Ctrl-C in the terminal does not reach them', async () => {
  const owner = own(folder);
  const { postgres, redis } = await ready(owner);
  const interrupted = says(owner);
  process.kill(-(owner.pid ?? 0), 'SIGINT');
  expect(await interrupted).toBe('interrupted\n');
  expect([postgres, redis].map(isAlive)).toEqual([true, true]);
  owner.stdin?.end();
  await expect.poll(() => [postgres, redis].some(isAlive), soon).toBe(false);
});

it('has no two servers on one folder: the next start ends what outlived its owner and its watchdog', async () => {
  const owner = own(folder);
  const { postgres, redis, url } = await ready(owner);
  for (const watchdog of watchdogsOf(postgres, redis)) process.kill(watchdog, 'SIGKILL');
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('CREATE TABLE kept AS SELECT 42 AS n');
  owner.kill('SIGKILL');
  await new Promise((resolve) => owner.once('exit', resolve));
  expect([postgres, redis].map(isAlive)).toEqual([true, true]);

  const lines: string[] = [];
  const next = own(folder);
  const again = await ready(next);
  expect([postgres, redis].some(isAlive)).toBe(false);
  next.kill('SIGKILL');
  await expect.poll(() => [again.postgres, again.redis].some(isAlive), soon).toBe(false);

  const server = await startPostgres({ persistent: true, dataDir: join(folder, 'postgres'), log: (line) => lines.push(line) });
  onTestFinished(() => server.stop());
  const reader = new Client({ connectionString: server.url() });
  await reader.connect();
  expect((await reader.query('SELECT n FROM kept')).rows).toEqual([{ n: 42 }]);
  await reader.end();
});

it('begins anew after a kill in the middle of making the database', async () => {
  const owner = own(folder);
  const exited = new Promise((resolve) => owner.once('exit', resolve));
  const postgres = join(folder, 'postgres');
  await expect.poll(() => existsSync(postgres) && readdirSync(postgres).some((entry) => entry.startsWith('cluster.new')), { timeout: 10_000, interval: 1 }).toBe(true);
  owner.kill('SIGKILL');
  await exited;
  expect(existsSync(join(postgres, 'cluster'))).toBe(false);

  const server = await startPostgres({ persistent: true, dataDir: postgres });
  await server.stop();
  expect(readdirSync(postgres).sort()).toEqual(['cluster', 'password', 'server.log']);
});

// Needs root to become somebody else, and a Node and sources that somebody else can read.
describe.runIf(process.getuid?.() === 0 && canExecute(process.execPath, nobody) && canExecute(join(test, '.'), nobody))('as a normal user', () => {
  it('starts, and another user is told why the folder is not for it', async () => {
    chownSync(folder, nobody.uid, nobody.gid);
    const owner = own(folder, nobody);
    const { postgres, folders } = await ready(owner);
    expect(folders).toEqual([join(folder, 'postgres', 'cluster'), join(folder, 'redis', 'files')]);
    owner.kill('SIGKILL');
    await expect.poll(() => isAlive(postgres), soon).toBe(false);

    // Root goes on as the owner of the files.
    const server = await startPostgres({ persistent: true, dataDir: join(folder, 'postgres') });
    await server.stop();
    chownSync(join(folder, 'postgres', 'cluster'), 1, 1);
    await expect(ready(own(folder, nobody))).rejects.toThrow('embedded_folder_owner');
  });
});
