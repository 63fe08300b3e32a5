import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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

function run(command: string, args: readonly string[], { CWD = root, ...environment }: Readonly<Record<string, string>>): Terminal {
  const child = spawn(command, args, { cwd: CWD, env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment } });
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
    await answersTwice(await start('python', 'python3', ['examples/python/adapter.py'], { PYTHONPATH: join(root, 'test/e2e/stand-ins'), PYTHONDONTWRITEBYTECODE: '1' }));
    const [, , program = ''] = readFileSync(join(root, 'examples/python/adapter.py'), 'utf8').split('"""');
    expect(program.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(30);
  }, 90_000);

  it.skipIf(!hasRedisCli)(`ADP-1 one in shell answers${hasRedisCli ? '' : ' (skipped: there is no redis-cli here)'}`, async () => {
    await answersTwice(await start('shell', 'sh', ['examples/shell/adapter.sh']));
  }, 90_000);

  it('ADP-1 the kit as a package, with those it needs and nothing else of NEXUS, runs it from an empty folder', async () => {
    const place = join(folder, 'empty');
    for (const name of ['core', 'contracts', 'channels', 'adapter-kit']) unpack(name, place);
    const kit = join(place, 'node_modules/@nexus/adapter-kit');
    for (const file of ['README.md', 'LICENSE', 'dist/index.d.ts', 'proto/nexus/run/v1/requests.proto']) expect(existsSync(join(kit, file)), file).toBe(true);
    expect(readdirSync(join(kit, 'dist'), { recursive: true }).filter((file) => /\.test\.|\.tsbuildinfo$/.test(String(file)))).toEqual([]);
    for (const file of ['lines.ts', 'package.json']) cpSync(join(root, 'examples/typescript', file), join(place, file));
    await answersTwice(await start('lines', process.execPath, ['lines.ts'], { CWD: place, MEMORY: join(place, 'memory') }));
  }, 120_000);
});

/** Packs a library as npm would publish it, and puts it and the packages that it names beside the others of the folder. */
function unpack(name: string, place: string): void {
  const packed = spawnSync('npm', ['pack', '--json', '--pack-destination', folder], { cwd: join(root, 'libs', name), encoding: 'utf8' });
  expect(packed.status, packed.stderr).toBe(0);
  const target = join(place, 'node_modules/@nexus', name);
  mkdirSync(target, { recursive: true });
  const archive = readdirSync(folder).find((file) => file.startsWith(`nexus-${name}-`)) ?? '';
  expect(spawnSync('tar', ['-xzf', join(folder, archive), '-C', target, '--strip-components=1']).status).toBe(0);
  const { dependencies = {} } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as { dependencies?: Record<string, string> };
  for (const dependency of Object.keys(dependencies).filter((one) => !one.startsWith('@nexus/'))) {
    const link = join(place, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    if (!existsSync(link)) symlinkSync(join(root, 'node_modules', dependency), link);
  }
}
