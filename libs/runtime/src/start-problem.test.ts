import { AppError } from '@nexus/core';
import { describe, expect, it } from 'vitest';
import { requireNode, startProblem } from './start-problem.js';

describe('requireNode', () => {
  it.each(['22.15.0', '22.16.1', '24.0.0'])('lets Node %s run', (version) => {
    expect(() => requireNode(version)).not.toThrow();
  });

  it.each(['20.20.2', '22.14.9'])('refuses Node %s, and says where a newer one is', (version) => {
    expect(() => requireNode(version)).toThrow(`needs Node 22.15 or newer, this is ${version}. In the folder of NEXUS, \`npx node\``);
  });
});

describe('startProblem', () => {
  const at = { host: '10.0.0.1', port: 50_056 };
  const system = (code: string) => Object.assign(new Error(`listen ${code}`), { code });

  it.each([
    ['EADDRINUSE', 'port_taken', 'port 50056 of 10.0.0.1 is in use'],
    ['EACCES', 'port_not_allowed', 'above 1023 with NEXUS_USAGE_PORT'],
    ['EADDRNOTAVAIL', 'address_unusable', '10.0.0.1 is no address of this machine'],
  ])('says what %s means and what to do', (code, name, text) => {
    expect(startProblem(system(code), 'usage', at)).toMatchObject({ code: name, message: expect.stringContaining(text) });
  });

  it('names the variable of the gateway, and leaves other errors as they are', () => {
    expect(startProblem(system('EADDRINUSE'), 'gateway', at)).toMatchObject({ message: expect.stringContaining('with NEXUS_PORT.') });
    const other = new AppError('x', 'y');
    expect(startProblem(other, 'usage', at)).toBe(other);
  });
});
