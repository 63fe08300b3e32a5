import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { call, root, startNexusApart, type Nexus } from './nexus-apart.js';

const has = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;
const hasRedisCli = has('redis-cli', '--version');
const hasPython = has('python3', '--version');
const hasRedisPy = has('python3', '-c', 'import redis');

let nexus: Nexus;
let folder: string;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nexus-examples-'));
  nexus = await startNexusApart();
}, 90_000);
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});
afterAll(async () => {
  await nexus?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Terminal {
  say(line: string): void;
  lines(): string[];
  complaints(): string;
  kill(): void;
}

/** Runs an example as a person would, with a surface key of its own. */
async function start(surface: string, command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Terminal> {
  const { key, secret } = (await call(nexus.urls.gateway, 'nexus.settings.v1.SettingsService/CreateKey', { name: surface, kind: 'KEY_KIND_SURFACE', surfaces: [surface] })) as { key: { id: string }; secret: string };
  return run(command, args, { NEXUS_TOKEN: secret, NEXUS_KEY_ID: key.id, NEXUS_URL: nexus.urls.gateway, REDIS_URL: nexus.redisUrl, MEMORY: join(folder, surface), ...environment });
}

function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>>): Terminal {
  const child = spawn(command, args, { cwd: root, env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment } });
  running.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return {
    say: (line) => void child.stdin.write(`${line}\n`),
    lines: () => stdout.split('\n').slice(0, -1),
    complaints: () => stderr,
    kill: () => void child.kill('SIGKILL'),
  };
}

/** Two questions, of which the demo model answers the first with a tool. */
async function answersTwice(terminal: Terminal): Promise<void> {
  terminal.say('What is 17.5% of 1,280?');
  await waitFor(() => terminal.lines().some((line) => line.includes('224')), { timeoutMs: 30_000, what: `an answer; it complains: ${terminal.complaints()}` });
  const before = terminal.lines().length;
  terminal.say('Say "hé 😀" and \'\\n\' back, {please}.');
  await waitFor(() => terminal.lines().length > before, { timeoutMs: 30_000, what: `a second answer; it complains: ${terminal.complaints()}` });
}

describe('the example adapters', () => {
  it('ADP-1 one in a page of TypeScript answers', async () => {
    const terminal = await start('lines', process.execPath, ['examples/typescript/lines.ts']);
    await answersTwice(terminal);
    expect(readFileSync(join(root, 'examples/typescript/lines.ts'), 'utf8').split('\n').length).toBeLessThanOrEqual(66);
  }, 90_000);

  it.skipIf(!hasRedisPy)(`ADP-1 one in Python answers${hasRedisPy ? '' : ' (skipped: redis-py is not installed here)'}`, async () => {
    await answersTwice(await start('python', 'python3', ['examples/python/adapter.py']));
  }, 90_000);

  it.skipIf(!hasPython)(`ADP-1 one in Python answers, with a stand-in for redis-py${hasPython ? '' : ' (skipped: there is no python3 here)'}`, async () => {
    await answersTwice(await start('python', 'python3', ['examples/python/adapter.py'], { PYTHONPATH: join(root, 'test/e2e/stand-ins') }));
  }, 90_000);

  it.skipIf(!hasRedisCli)(`ADP-1 one in shell answers${hasRedisCli ? '' : ' (skipped: there is no redis-cli here)'}`, async () => {
    await answersTwice(await start('shell', 'sh', ['examples/shell/adapter.sh']));
  }, 90_000);
});
