import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';
import { commandLine, processBeginning } from './process-identity.js';
import type { StopStep } from './server-process.js';

/** A server that outlived the process that started it. */
export interface Leftover {
  /** Written by the server itself; its first line is its pid. */
  readonly pidFile: string;
  /** The server's folder: its command line names it, a stranger's with a recycled pid does not. */
  readonly folder: string;
  readonly stopSteps: readonly StopStep[];
}

/**
 * Makes sure that no server of a dead owner runs on a folder whose lock we hold, and that no stale pid file keeps a new one from
 * starting. Returns the pid of the server it had to stop, if any.
 */
export async function stopLeftoverServer({ pidFile, folder, stopSteps }: Leftover): Promise<number | undefined> {
  const pid = readPid(pidFile);
  if (pid === undefined || !isOurs(pid, folder)) {
    rmSync(pidFile, { force: true });
    return undefined;
  }
  const beginning = processBeginning(pid);
  const isGone = (): boolean => processBeginning(pid) !== beginning;
  for (const { signal, graceMs } of [...stopSteps, { signal: 'SIGKILL', graceMs: 5_000 } as const]) {
    if (!isGone()) sendSignal(pid, signal);
    const deadline = performance.now() + graceMs;
    while (!isGone() && performance.now() < deadline) await delay(20);
    if (isGone()) {
      rmSync(pidFile, { force: true });
      return pid;
    }
  }
  throw new AppError('embedded_in_use', `Process ${pid} still runs on ${folder} and does not end. End it, then start again.`);
}

function isOurs(pid: number, folder: string): boolean {
  return processBeginning(pid) !== undefined && commandLine(pid).includes(folder);
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone in this very moment: what we wanted.
  }
}
