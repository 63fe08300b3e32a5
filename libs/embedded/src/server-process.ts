import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';
import type { Account } from './account.js';
import { serverEnvironment } from './config.js';
import { guardAgainstOrphan, type OrphanPlan } from './watchdog.js';

/** A signal, and how long the process may take to leave after it. */
export interface StopStep {
  readonly signal: NodeJS.Signals;
  readonly graceMs: number;
}

/** How to run a private server. */
export interface LaunchOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly account: Account | undefined;
  /** Its output goes to `<logFolder>/server.log`; the log before becomes `server.previous.log`. */
  readonly logFolder: string;
  /** Tried in turn by stop(); after the last, SIGKILL. */
  readonly stopSteps: readonly StopStep[];
  readonly orphanPlan: OrphanPlan;
}

/** A private server that runs, or ran. */
export interface ServerProcess {
  readonly pid: number;
  /** Resolves, in words, with how the process ended. */
  readonly exited: Promise<string>;
  hasExited(): boolean;
  /** The last lines it wrote. */
  lastLines(): string;
  /** Ends the process, and resolves when it is gone. Safe to call again. */
  stop(): Promise<void>;
}

/** Starts a server out of reach of the terminal's Ctrl-C, which dies when we die and does not keep our event loop alive. */
export async function launch(options: LaunchOptions): Promise<ServerProcess> {
  const logFile = join(options.logFolder, 'server.log');
  if (existsSync(logFile)) renameSync(logFile, join(options.logFolder, 'server.previous.log'));
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(options.program, options.args, {
    ...options.account,
    cwd: '/',
    detached: true,
    env: serverEnvironment(),
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) {
    const cause = await new Promise((resolve) => child.once('error', resolve));
    throw new AppError('embedded_cannot_run', `Cannot run ${options.program}: ${cause instanceof Error ? cause.message : 'unknown reason'}.`, { cause });
  }
  const release = guardAgainstOrphan(pid, options.orphanPlan);
  let isGone = false;
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => {
      isGone = true;
      release();
      resolve(signal === null ? `exited with code ${code}` : `was ended by ${signal}`);
    });
  });
  child.unref();

  const end = async (): Promise<void> => {
    child.ref();
    for (const { signal, graceMs } of [...options.stopSteps, { signal: 'SIGKILL', graceMs: 5_000 } as const]) {
      if (isGone) return;
      child.kill(signal);
      const patience = new AbortController();
      await Promise.race([exited, delay(graceMs, undefined, { signal: patience.signal }).catch(() => undefined)]);
      patience.abort();
    }
    if (!isGone) throw new AppError('embedded_stop_failed', `Process ${pid} (${options.program}) does not end.`);
  };
  let stopping: Promise<void> | undefined;
  return { pid, exited, hasExited: () => isGone, lastLines: () => lastLinesOf(logFile), stop: () => (stopping ??= end()) };
}

function lastLinesOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-12).join('\n') : '';
}
