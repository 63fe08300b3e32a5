import { describe, expect, it } from 'vitest';
import { judgeContainers, type ContainerFacts } from './judge-containers.js';

const well: ContainerFacts = {
  name: 'nexus-usage-1', status: 'running', health: 'healthy', exitCode: 0, wasKilledForMemory: false, restarts: 0, runsForMs: 5_000_000,
  restartPolicy: 'unless-stopped', memoryLimitBytes: 536_870_912, isTask: false,
};
const judge = (more: Partial<ContainerFacts>) => judgeContainers([{ ...well, ...more }]);

describe('judgeContainers', () => {
  it('says how many run where all is well; a task that is done is well', () => {
    expect(judge({})).toEqual([{ subject: 'containers', verdict: 'ok', says: '1 container runs' }]);
    expect(judge({ isTask: true, status: 'exited', restartPolicy: 'no', memoryLimitBytes: 0 })).toMatchObject([{ verdict: 'ok' }]);
  });

  it.each([
    ['a storm of restarts', { restarts: 9, runsForMs: 4_000 }, 'failure', /starts again and again \(9 times\)/],
    ['one that does not run', { status: 'exited', exitCode: 137 }, 'failure', /does not run: exited, code 137/],
    ['one that is not well', { health: 'unhealthy' }, 'failure', /not well/],
    ['one that used too much memory', { wasKilledForMemory: true }, 'failure', /more memory than it may/],
    ['one that nobody starts again', { restartPolicy: 'no' }, 'warning', /not started again/],
    ['one without a limit', { memoryLimitBytes: 0 }, 'warning', /all memory/],
    ['a task that failed', { isTask: true, status: 'exited', exitCode: 1 }, 'failure', /does not run: exited, code 1/],
  ])('tells of %s', (_, more, verdict, says) => {
    expect(judge(more)).toEqual([expect.objectContaining({ verdict, says: expect.stringMatching(says), advice: expect.any(String) })]);
  });

  it('forgives restarts of long ago', () => {
    expect(judge({ restarts: 9 })).toMatchObject([{ verdict: 'ok' }]);
  });
});
