import { spawn, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { AppError } from '@nexus/core';
import { guardAgainstOrphan } from '@nexus/embedded';
import { bareEnvironment } from './config.js';
import { waitFor } from './wait-for.js';

/** What to run, and how it shows that it is ready. */
export interface ServiceOptions {
  /** Node itself when left out. */
  readonly command?: string;
  readonly args: readonly string[];
  /** Added to PATH, HOME, TMPDIR and LANG: nothing else of ours is inherited. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A line of its output, or a TCP port of 127.0.0.1 that accepts connections. */
  readonly ready: { readonly line: RegExp } | { readonly port: number };
  /** Default 20,000. */
  readonly readyWithinMs?: number;
}

/** A process that is or was running. */
export interface Service {
  readonly pid: number;
  /** All it wrote to stdout and stderr, earlier lives included. */
  output(): string;
  /** Resolves, in words, with how this life ends. */
  readonly exited: Promise<string>;
  /** Sends a signal and returns at once, e.g. SIGSTOP. */
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal, SIGKILL by default, and waits for the end, which it describes. */
  kill(signal?: NodeJS.Signals): Promise<string>;
  /** Starts it anew, after kill -9 if it still runs, and waits until it is ready. */
  restart(): Promise<void>;
  /** SIGTERM, after 10 s SIGKILL. Safe to call again. */
  stop(): Promise<void>;
}

interface Life {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<string>;
  hasEnded(): boolean;
}

/** Starts a process and waits until it is ready; throws `service_failed` with what it wrote. It does not outlive the test run. */
export async function spawnService(options: ServiceOptions): Promise<Service> {
  let output = '';
  const begin = async (): Promise<Life> => {
    const before = output.length;
    const life = start(options, (text) => (output += text));
    try {
      await becomeReady(options, life, () => output.slice(before));
    } catch (cause) {
      life.child.kill('SIGKILL');
      const said = output.slice(before).trimEnd().split('\n').slice(-20).join('\n');
      throw new AppError('service_failed', `${options.command ?? 'node'} ${options.args.join(' ')} was not ready (${cause instanceof Error ? cause.message : 'unknown reason'}). It wrote:\n${said}`, { cause });
    }
    return life;
  };
  let life = await begin();
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<string> => {
    life.child.kill(signal);
    return life.exited;
  };
  return {
    get pid(): number {
      return life.pid;
    },
    get exited(): Promise<string> {
      return life.exited;
    },
    output: () => output,
    signal: (signal) => void life.child.kill(signal),
    kill,
    restart: async () => {
      await kill();
      life = await begin();
    },
    stop: async () => {
      const lastResort = setTimeout(() => life.child.kill('SIGKILL'), 10_000);
      await kill('SIGTERM');
      clearTimeout(lastResort);
    },
  };
}

function start({ command = process.execPath, args, env = {}, cwd }: ServiceOptions, write: (text: string) => void): Life {
  const child = spawn(command, args, { cwd, env: { ...bareEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', write);
  const release = child.pid === undefined ? undefined : guardAgainstOrphan(child.pid, { signal: 'KILL' });
  let hasEnded = false;
  const exited = new Promise<string>((resolve) => {
    const end = (how: string): void => {
      hasEnded = true;
      release?.();
      resolve(how);
    };
    child.once('error', (error) => end(`could not be run: ${error.message}`));
    // `close` and not `exit`: by then all its output is here.
    child.once('close', (code, signal) => end(signal === null ? `exited with code ${code}` : `was ended by ${signal}`));
  });
  return { child, pid: child.pid ?? 0, exited, hasEnded: () => hasEnded };
}

async function becomeReady({ ready, readyWithinMs = 60_000 }: ServiceOptions, life: Life, output: () => string): Promise<void> {
  const isReady = 'line' in ready ? (): boolean => output().split('\n').some((line) => ready.line.test(line)) : (): Promise<boolean> => accepts(ready.port);
  const look = async (): Promise<boolean> => life.hasEnded() || (await isReady());
  await waitFor(look, { timeoutMs: readyWithinMs, what: 'line' in ready ? `a line like ${ready.line}` : `port ${ready.port}` });
  if (life.hasEnded()) throw new Error(`it ${await life.exited}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}
