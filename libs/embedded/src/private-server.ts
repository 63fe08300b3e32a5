import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';
import { unprivilegedAccount, type Account } from './account.js';
import { lockFolder } from './folder-lock.js';
import { freePort } from './free-port.js';
import { stopLeftoverServer } from './leftover-server.js';
import { accountFor, durableFolder, temporaryFolder } from './server-folder.js';
import { launch, type LaunchOptions, type ServerProcess } from './server-process.js';

/** What every private server is asked for. */
export interface PrivateServerOptions {
  /** Where it keeps its files; without it they live in a temporary folder that goes with the server. */
  readonly dataDir?: string;
  /** A free one when left out. */
  readonly port?: number;
  /** Told, in a line, what was found and done. */
  readonly log?: (line: string) => void;
}

/** What is special about Postgres or Redis. */
export interface ServerKind extends Pick<LaunchOptions, 'stopSteps' | 'orphanPlan'> {
  readonly name: 'Postgres' | 'Redis';
  readonly failureCode: string;
  /** The folder inside `dataDir` that belongs to the server's account. */
  readonly filesName: string;
  /** The file in it where the server writes its pid. */
  readonly pidFile: string;
  /** Makes the server's own folder, if it is not there yet, and returns its real path. */
  openFiles(folder: string, account: Account | undefined): Promise<string>;
  command(files: string, port: number): Pick<LaunchOptions, 'program' | 'args'>;
  /** One try to connect; throws or answers false when it is too early. */
  answers(server: ServerProcess, port: number): Promise<boolean>;
  /** Whether a start that failed with these last lines may succeed in a moment. */
  isPassing(lastLines: string): boolean;
}

/** A private server that accepts connections. */
export interface PrivateServer {
  readonly port: number;
  readonly pid: number;
  /** Where its files really are: not below `dataDir` when root's servers cannot reach that. */
  readonly filesDir: string;
  /** Resolves, in words, with how the server ended. */
  readonly exited: Promise<string>;
  /** Ends the server within about 3 s, then removes its folder if it was temporary. Safe to call again. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;

/** Starts a server on a folder that no other living process holds, ending first what a dead owner left running there. */
export async function startPrivateServer(kind: ServerKind, options: PrivateServerOptions): Promise<PrivateServer> {
  const { dataDir, log } = options;
  const folder = dataDir === undefined ? temporaryFolder(unprivilegedAccount()) : resolve(dataDir);
  const account = accountFor(folder, kind.filesName);
  durableFolder(folder);
  const unlock = lockFolder(folder);
  const leave = (): void => {
    unlock();
    if (dataDir === undefined) rmSync(folder, { recursive: true, force: true });
  };
  try {
    const filesDir = await kind.openFiles(folder, account);
    const left = await stopLeftoverServer({ pidFile: join(filesDir, kind.pidFile), folder: filesDir, stopSteps: kind.stopSteps });
    if (left !== undefined) log?.(`${kind.name}: ended process ${left}, left behind by an earlier start`);
    const orphanPlan = dataDir === undefined ? { ...kind.orphanPlan, removeFolder: folder } : kind.orphanPlan;
    const start = (port: number): Promise<ServerProcess> =>
      launch({ ...kind.command(filesDir, port), account, logFolder: folder, stopSteps: kind.stopSteps, orphanPlan });
    const { server, port } = await startUntilReady(kind, start, options.port);
    log?.(`${kind.name}: ready on 127.0.0.1:${port}, process ${server.pid}, files in ${filesDir}`);
    const stop = async (): Promise<void> => {
      await server.stop();
      leave();
    };
    let stopping: Promise<void> | undefined;
    return { port, pid: server.pid, filesDir, exited: server.exited, stop: () => (stopping ??= stop()) };
  } catch (error) {
    leave();
    throw error;
  }
}

async function startUntilReady(kind: ServerKind, start: (port: number) => Promise<ServerProcess>, wanted: number | undefined): Promise<{ server: ServerProcess; port: number }> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const port = wanted ?? (await freePort());
    const server = await start(port);
    try {
      if (await isReady(kind, server, port, deadline)) return { server, port };
    } catch (error) {
      await server.stop();
      throw error;
    }
    const said = server.lastLines();
    await server.stop();
    const isPortTaken = /could not bind|Address already in use/.test(said);
    if (isPortTaken && wanted !== undefined) {
      throw new AppError('port_taken', `Port ${port} of 127.0.0.1 is in use by another program, so ${kind.name} cannot have it.`);
    }
    if (performance.now() > deadline || !(isPortTaken || kind.isPassing(said))) {
      throw new AppError(kind.failureCode, `${kind.name} did not start (it ${await server.exited}). It wrote:\n${said}`);
    }
    await delay(50);
  }
}

/** False once the server has ended (a stranger on its port may leave us without an answer) or the deadline has passed. An AppError from `answers` is final. */
async function isReady(kind: ServerKind, server: ServerProcess, port: number, deadline: number): Promise<boolean> {
  while (!server.hasExited() && performance.now() < deadline) {
    try {
      if (await Promise.race([kind.answers(server, port), server.exited.then(() => false)])) return true;
    } catch (error) {
      if (error instanceof AppError) throw error;
    }
    await delay(20);
  }
  return false;
}
