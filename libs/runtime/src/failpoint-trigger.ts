import { writeSync } from 'node:fs';
import { AppError, armFailpoints, type Failpoint } from '@nexus/core';
import type { PlannedFailure } from './failpoint-plan.js';

const STDERR = 2;

/** Arms the faults that this process was started with. Each happens once, and says so on stderr before it does. */
export function armPlannedFailures(planned: readonly PlannedFailure[]): void {
  if (planned.length === 0) return armFailpoints(undefined);
  const passes = new Map<Failpoint, number>();
  armFailpoints((name) => {
    const pass = (passes.get(name) ?? 0) + 1;
    passes.set(name, pass);
    const failure = planned.find((one) => one.name === name && one.pass === pass);
    if (failure !== undefined) carryOut(failure);
  });
}

function carryOut({ name, action }: PlannedFailure): void {
  writeSync(STDERR, `${JSON.stringify({ failpoint: name, action: action.kind })}\n`);
  switch (action.kind) {
    case 'kill':
    case 'stop':
      process.kill(process.pid, action.kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
      return freeze(50); // the signal may take a moment, in which nothing more may be done
    case 'error':
      throw new AppError('failpoint', `This process was started to fail at ${name}.`, { status: 503, isRetryable: true });
    case 'freeze':
      return freeze(action.milliseconds);
  }
}

function freeze(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
