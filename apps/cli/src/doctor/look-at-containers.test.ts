import { expect, it } from 'vitest';
import { containersOf } from './look-at-containers.js';

/** As Docker Engine 28 prints it, without what is not read. */
const INSPECTED = JSON.stringify([{
  Id: '5b1f', Name: '/nexus-orchestrator-1', RestartCount: 4,
  State: { Status: 'running', Running: true, OOMKilled: false, ExitCode: 0, StartedAt: '2026-11-20T15:59:50.123456789Z', Health: { Status: 'unhealthy', FailingStreak: 5 } },
  HostConfig: { Memory: 536870912, RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 } },
  Config: { Labels: { 'com.docker.compose.project': 'nexus', 'com.docker.compose.service': 'orchestrator' } },
}, {
  Id: '77aa', Name: '/nexus-migrate-1', RestartCount: 0,
  State: { Status: 'exited', Running: false, OOMKilled: false, ExitCode: 0, StartedAt: '2026-11-20T15:00:00Z' },
  HostConfig: { Memory: 0, RestartPolicy: { Name: '' } },
  Config: { Labels: { 'nexus.task': 'true' } },
}]);

it('reads what docker inspect prints', () => {
  const [orchestrator, migrate] = containersOf(INSPECTED, Date.parse('2026-11-20T16:00:00.123Z'));
  expect(orchestrator).toEqual({
    name: 'nexus-orchestrator-1', status: 'running', health: 'unhealthy', exitCode: 0, wasKilledForMemory: false, restarts: 4, runsForMs: 10_000,
    restartPolicy: 'unless-stopped', memoryLimitBytes: 536_870_912, isTask: false,
  });
  expect(migrate).toMatchObject({ status: 'exited', health: '', restartPolicy: '', isTask: true });
});
