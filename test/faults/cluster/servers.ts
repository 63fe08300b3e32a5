import { mkdirSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, startPostgres, startRedis } from '@nexus/embedded';

/** A private server that can be made to crash; its port and its files stay. */
export interface CrashableServer {
  readonly port: number;
  readonly url: string;
  readonly isUp: boolean;
  /** Ends it at once and without order; resolves when it is gone. */
  crash(): Promise<void>;
  /** Starts it on the files that it left. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface Running {
  readonly pid: number;
  readonly url: string;
  readonly filesDir: string;
  readonly exited: Promise<string>;
  stop(): Promise<void>;
}

async function crashable(signal: NodeJS.Signals, begin: (port: number) => Promise<Running>): Promise<CrashableServer & { readonly filesDir: string }> {
  const port = await freePort();
  let running: Running | undefined = await begin(port);
  const { url, filesDir } = running;
  return {
    port, url, filesDir,
    get isUp() {
      return running !== undefined;
    },
    crash: async () => {
      const crashed = running;
      running = undefined;
      if (crashed === undefined) return;
      process.kill(crashed.pid, signal);
      await crashed.exited;
      await crashed.stop(); // gives the folder's lock back
    },
    start: async () => {
      running ??= await begin(port);
    },
    stop: async () => {
      await running?.stop();
      running = undefined;
    },
  };
}

/** Redis as a deployment runs it: an AOF that reaches the disk every second. */
export interface CrashableRedis extends CrashableServer {
  /** Cuts the last bytes off the AOF of a Redis that is down, as a machine that crashed may have. Answers how many. */
  cutTail(bytes: number): number;
}

export async function startCrashableRedis(folder: string): Promise<CrashableRedis> {
  mkdirSync(folder, { mode: 0o711 });
  const server = await crashable('SIGKILL', async (port) => startRedis({ dataDir: folder, appendonly: true, port }));
  return Object.assign(server, {
    cutTail: (bytes: number): number => {
      const aof = join(server.filesDir, 'appendonlydir');
      const last = readdirSync(aof).filter((name) => name.endsWith('.incr.aof')).sort().at(-1);
      if (last === undefined) return 0;
      const { size } = statSync(join(aof, last));
      const cut = Math.min(bytes, size);
      truncateSync(join(aof, last), size - cut);
      return cut;
    },
  });
}

/** Postgres that answers a commit only when it would survive its own crash; not one of the machine, which no test makes. */
export async function startCrashablePostgres(folder: string): Promise<CrashableServer> {
  mkdirSync(folder, { mode: 0o711 });
  return crashable('SIGQUIT', async (port) => {
    const server = await startPostgres({ dataDir: folder, persistent: true, port, settings: { fsync: false, max_connections: 300, shared_buffers: '64MB', io_method: 'sync' } });
    return { ...server, url: server.url() };
  });
}
