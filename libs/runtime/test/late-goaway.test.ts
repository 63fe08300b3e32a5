import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('late-goaway-main.mjs', import.meta.url));

/** A process that calls a service again at the moment it says GOAWAY: what it printed, and its exit code. */
async function processThatMeetsGoaway(how: 'guarded' | 'throw' | 'unguarded'): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, how], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, out, err };
}

it('a service that stops does not take its callers with it: the error of a connection already left ends no process', { timeout: 20_000 }, async () => {
  expect(await processThatMeetsGoaway('guarded')).toEqual({ code: 0, out: 'answered over 2 connections\n', err: '' });
});

it('without the guard it would (connect-es issue 1768: when this fails, the guard has no job any more)', { timeout: 20_000 }, async () => {
  expect(await processThatMeetsGoaway('unguarded')).toMatchObject({ code: 1, err: expect.stringContaining('received GOAWAY without any open streams') as string });
});

it('any other error that nobody caught ends the process', { timeout: 20_000 }, async () => {
  expect(await processThatMeetsGoaway('throw')).toMatchObject({ code: 1, err: expect.stringContaining('late-goaway-main.mjs') as string });
});
