import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';
import { commandLine, processBeginning } from './process-identity.js';

it('tells a living process by one beginning, and a dead one by none', async () => {
  const child = spawn('sleep', ['60']);
  const pid = child.pid ?? 0;
  const beginning = processBeginning(pid);
  expect(beginning).toBeTruthy();
  expect(processBeginning(pid)).toBe(beginning);
  await expect.poll(() => commandLine(pid)).toBe('sleep 60');

  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(processBeginning(pid)).toBeUndefined();
  expect(commandLine(pid)).toBe('');
});
