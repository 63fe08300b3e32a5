import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { ProcessPool, type ProcessPoolOptions } from './process-pool.js';

const SOURCE = `
  import { writeFileSync } from 'node:fs';
  import { execFileSync } from 'node:child_process';
  const acts = {
    echo: (value) => value,
    pid: () => process.pid,
    env: () => Object.keys(process.env),
    write: () => writeFileSync('nexus-probe.txt', 'x'),
    start: () => execFileSync(process.execPath, ['--version']),
    endless: () => { for (;;); },
    exit: () => process.exit(3),
    fill: () => { const all = []; for (;;) all.push(new Array(1e5).fill({})); },
    fail: () => { throw new Error('no such thing'); },
  };
  export function act({ name, value }) { return acts[name](value); }
`;
const MODULE = new URL(`data:text/javascript,${encodeURIComponent(SOURCE)}`);

interface Act {
  readonly name: string;
  readonly value?: unknown;
}

const pools: ProcessPool<Act, unknown>[] = [];
const pool = (options: Partial<ProcessPoolOptions> = {}): ProcessPool<Act, unknown> => {
  const made = new ProcessPool<Act, unknown>({ title: 'The act', module: MODULE, exportName: 'act', timeoutMs: 5_000, maxHeapMb: 32, size: 1, idleMs: 60_000, ...options });
  pools.push(made);
  return made;
};
const signal = new AbortController().signal;

afterEach(() => {
  for (const made of pools.splice(0)) made.close();
});

describe('ProcessPool', () => {
  it('starts no process before the first call, and uses one again', async () => {
    const one = pool();
    expect(one.processCount).toBe(0);
    const pid = await one.run({ name: 'pid' }, signal);
    expect(pid).not.toBe(process.pid);
    expect(await one.run({ name: 'pid' }, signal)).toBe(pid);
  });

  it('serves waiting calls in the order of arrival', async () => {
    const one = pool();
    const ended: unknown[] = [];
    await Promise.all([1, 2, 3, 4].map(async (value) => ended.push(await one.run({ name: 'echo', value }, signal))));
    expect(ended).toEqual([1, 2, 3, 4]);
  });

  it('has no more processes than its size', async () => {
    const two = pool({ size: 2 });
    const pids = await Promise.all(Array.from({ length: 6 }, () => two.run({ name: 'pid' }, signal)));
    expect(new Set(pids).size).toBe(2);
    expect(two.processCount).toBe(2);
  });

  it('passes on the message of a thrown error and keeps the process', async () => {
    const one = pool();
    const pid = await one.run({ name: 'pid' }, signal);
    await expect(one.run({ name: 'fail' }, signal)).rejects.toThrow('no such thing');
    expect(await one.run({ name: 'pid' }, signal)).toBe(pid);
  });

  it.each([
    ['takes too long', 'endless', 'tool_timeout', 1_000],
    ['ends its process', 'exit', 'tool_crashed', 15_000],
    ['fills the memory', 'fill', 'tool_crashed', 15_000],
  ])('replaces the process when a call %s', async (_, name, code, timeoutMs) => {
    const one = pool({ timeoutMs });
    const pid = await one.run({ name: 'pid' }, signal);
    await expect(one.run({ name }, signal)).rejects.toMatchObject({ code });
    expect(await one.run({ name: 'pid' }, signal)).not.toBe(pid);
  });

  it('reports a module that cannot be loaded', async () => {
    await expect(pool({ exportName: 'missing' }).run({ name: 'pid' }, signal)).rejects.toMatchObject({ code: 'tool_crashed' });
  });

  it('gives the child no environment, no right to write files and none to start programs', async () => {
    const one = pool();
    expect(await one.run({ name: 'env' }, signal)).toEqual([]);
    await expect(one.run({ name: 'write' }, signal)).rejects.toThrow('restricted');
    await expect(one.run({ name: 'start' }, signal)).rejects.toThrow('restricted');
  });

  it('stops a running and a waiting call when its caller gives up, and nobody else', async () => {
    const one = pool();
    const [first, second] = [new AbortController(), new AbortController()];
    const running = one.run({ name: 'endless' }, first.signal);
    const waiting = one.run({ name: 'echo', value: 2 }, second.signal);
    const last = one.run({ name: 'echo', value: 3 }, signal);
    second.abort(new Error('second left'));
    await expect(waiting).rejects.toThrow('second left');
    first.abort(new Error('first left'));
    await expect(running).rejects.toThrow('first left');
    expect(await last).toBe(3);
  });

  it('ends processes that nobody uses', async () => {
    const one = pool({ idleMs: 20 });
    await one.run({ name: 'pid' }, signal);
    await expect.poll(() => one.processCount).toBe(0);
    expect(await one.run({ name: 'echo', value: 1 }, signal)).toBe(1);
  });

  it('ends every call and process when it is closed', async () => {
    const one = pool();
    const [running, waiting] = [one.run({ name: 'endless' }, signal), one.run({ name: 'pid' }, signal)];
    await expect.poll(() => one.processCount).toBe(1);
    one.close();
    await expect(running).rejects.toMatchObject({ code: 'tool_closed' });
    await expect(waiting).rejects.toMatchObject({ code: 'tool_closed' });
    expect(one.processCount).toBe(0);
  });
});

describe('isolated-process-child', () => {
  it('ends by itself when its parent was killed in the middle of an endless call', async () => {
    const parent = `
      const { fork } = require('node:child_process');
      const child = fork(new URL(process.argv[1]), [process.argv[2], 'act'], { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
      child.once('message', () => child.send({ input: { name: 'endless' }, timeoutMs: 500 }, () => process.kill(process.pid, 'SIGKILL')));
    `;
    // The child inherits the parent's stdout: `close` comes only when both have ended.
    const killed = spawn(process.execPath, ['-e', parent, new URL('./isolated-process-child.ts', import.meta.url).href, MODULE.href], { stdio: ['ignore', 'pipe', 'ignore'] });
    killed.stdout.resume();
    const [, exitSignal] = (await once(killed, 'close')) as [number | null, string | null];
    expect(exitSignal).toBe('SIGKILL');
  });
});
