import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { freePort } from './free-port.js';
import { startPostgres, type PostgresOptions, type PostgresServer } from './postgres.js';
import { processBeginning } from './process-identity.js';
import { ROOTS_FOLDER } from './server-folder.js';

vi.setConfig({ testTimeout: 60_000 });

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-postgres-'));
  chmodSync(folder, 0o755);
  // Runs last of what a test registers here: after the servers have stopped.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

async function start(options: Partial<PostgresOptions> = {}): Promise<PostgresServer> {
  const server = await startPostgres({ persistent: true, dataDir: join(folder, 'postgres'), ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

it('keeps its rows over a stop and a start, durably', async () => {
  const first = await start();
  await query(first.url(), 'CREATE TABLE kept AS SELECT 42 AS n');
  expect(await query(first.url(), 'SHOW fsync')).toEqual(['on']);
  await first.stop();
  expect(processBeginning(first.pid)).toBeUndefined();

  const second = await start();
  expect(await query(second.url(), 'SELECT n FROM kept')).toEqual([42]);
});

it('recovers what was committed before kill -9, on the same port', async () => {
  const first = await start();
  await query(first.url(), 'CREATE TABLE kept AS SELECT 42 AS n');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toBe('was ended by SIGKILL');
  await first.stop();

  const second = await start({ port: first.port });
  expect(second.url()).toBe(first.url());
  expect(await query(second.url(), 'SELECT n FROM kept')).toEqual([42]);
});

it('refuses a folder that is in use, and leaves its server alone', async () => {
  const first = await start();
  await expect(start()).rejects.toMatchObject({ code: 'embedded_in_use' });
  expect(await query(first.url(), 'SELECT 1')).toEqual([1]);
});

it('refuses a port that is taken', async () => {
  const port = await freePort();
  const stranger = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void stranger.close());
  await expect(start({ port })).rejects.toMatchObject({ code: 'port_taken', message: expect.stringContaining(String(port)) });
  await start();
});

it('shows what the server wrote when it does not start', async () => {
  const failing = start({ settings: { shared_buffers: 'plenty' } });
  await expect(failing).rejects.toMatchObject({ code: 'embedded_postgres_failed', message: expect.stringContaining('invalid value for parameter "shared_buffers"') });
});

it('opens with its password only, on 127.0.0.1 only, and sorts and folds as Unicode does', async () => {
  const server = await start();
  const url = new URL(server.url());
  url.password = 'wrong';
  await expect(query(url.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  expect(await query(server.url(), 'SHOW listen_addresses')).toEqual(['127.0.0.1']);
  expect(await query(server.url(), 'SHOW unix_socket_directories')).toEqual(['']);
  expect(await query(server.url(), "SELECT upper('éß')")).toEqual(['ÉSS'.replace('SS', 'ß')]);
});

it('takes its temporary folder with it', async () => {
  const server = await start({ persistent: false, dataDir: undefined });
  expect(await query(server.url(), 'SHOW fsync')).toEqual(['off']);
  expect(existsSync(server.filesDir)).toBe(true);
  await Promise.all([server.stop(), server.stop()]);
  expect(existsSync(dirname(server.filesDir))).toBe(false);
});

it('does not begin without a folder to persist in', async () => {
  await expect(startPostgres({ persistent: true })).rejects.toMatchObject({ code: 'embedded_no_folder' });
});

describe.runIf(process.getuid?.() === 0)('as root', () => {
  it('runs as another user, who alone can read the database', async () => {
    const server = await start();
    expect(server.filesDir).toBe(join(folder, 'postgres', 'cluster'));
    const { uid, mode } = statSync(server.filesDir);
    expect(uid).not.toBe(0);
    expect(mode & 0o077).toBe(0);
    expect(statSync(join(folder, 'postgres')).uid).toBe(0);
  });

  it('keeps the database below /var/lib/nexus when that user cannot reach the folder, and finds it again', async () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const first = await start({ dataDir: join(closed, 'postgres') });
    onTestFinished(() => rmSync(dirname(first.filesDir), { recursive: true, force: true }));
    expect(first.filesDir.startsWith(`${ROOTS_FOLDER}/postgres-`)).toBe(true);
    await query(first.url(), 'CREATE TABLE kept AS SELECT 42 AS n');
    await first.stop();
    expect(lstatSync(join(closed, 'postgres', 'cluster')).isSymbolicLink()).toBe(true);

    const second = await start({ dataDir: join(closed, 'postgres') });
    expect(second.filesDir).toBe(first.filesDir);
    expect(await query(second.url(), 'SELECT n FROM kept')).toEqual([42]);
    expect(readdirSync(join(closed, 'postgres')).filter((entry) => entry.includes('.new'))).toEqual([]);
  });
});
