import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, statSync } from 'node:fs';
import { guardAgainstOrphan } from '@nexus/embedded';
import type { FaultProxy } from '@nexus/testing';
import { pause } from '../pause.js';

export type ServiceName = 'settings' | 'usage' | 'tool-executor' | 'provider-router' | 'orchestrator' | 'gateway';

export interface ReplicaOptions {
  readonly service: ServiceName;
  /** Stable over restarts. */
  readonly name: string;
  readonly main: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly redis: FaultProxy;
  readonly postgres: FaultProxy;
}

/** How a life of a replica ended. */
export interface Death {
  readonly replica: string;
  readonly service: ServiceName;
  readonly at: number;
  readonly how: string;
  /** The failpoint that this life was started with and passed. */
  readonly failpoint: string | undefined;
  /** Somebody of the harness ended it. */
  readonly isWanted: boolean;
}

/** A pause as Kubernetes makes one before it starts a container again; it grows while the container does not come up. */
const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 2_000;

/** One process of a service, which is started again whenever it ends. */
export class Replica {
  readonly deaths: Death[] = [];
  private child: ChildProcess | undefined;
  private exited: Promise<void> = Promise.resolve();
  private isWanted = false;
  private isStopping = false;
  private failpoint = '';
  private armed = '';
  private pauseMs = FIRST_PAUSE_MS;
  readonly options: ReplicaOptions;

  constructor(options: ReplicaOptions) {
    this.options = options;
  }

  get name(): string {
    return this.options.name;
  }

  get service(): ServiceName {
    return this.options.service;
  }

  get isAlive(): boolean {
    return this.child !== undefined;
  }

  /** The failpoint that this life will fail at; empty when none. */
  get armedWith(): string {
    return this.armed;
  }

  /** The next life is started with this value of FAILPOINT. */
  armNextLife(failpoint: string): void {
    this.failpoint = failpoint;
  }

  /** Begins a life; it need not be ready yet. */
  start(): void {
    const { main, environment, logFile } = this.options;
    const log = openSync(logFile, 'a');
    const offset = statSync(logFile).size;
    this.armed = this.failpoint;
    this.failpoint = '';
    const child = spawn(process.execPath, [main], { env: { ...environment, ...(this.armed && { FAILPOINT: this.armed }) }, stdio: ['ignore', log, log] });
    closeSync(log);
    const release = child.pid === undefined ? undefined : guardAgainstOrphan(child.pid, { signal: 'KILL' });
    this.child = child;
    this.isWanted = false;
    const bornAt = Date.now();
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        release?.();
        this.child = undefined;
        const failpoint = this.armed === '' ? undefined : passedFailpoint(logFile, offset);
        this.armed = '';
        this.deaths.push({ replica: this.name, service: this.service, at: Date.now(), how: signal ?? `code ${code}`, failpoint, isWanted: this.isWanted || failpoint !== undefined });
        this.pauseMs = Date.now() - bornAt > 10_000 ? FIRST_PAUSE_MS : Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
        resolve();
        if (!this.isStopping) void pause(this.pauseMs).then(() => (this.isStopping || this.child !== undefined ? undefined : this.start()));
      });
    });
  }

  /** SIGKILL; the supervisor starts it again. Answers whether there was something to kill. */
  kill(): boolean {
    return this.signal('SIGKILL');
  }

  /** SIGTERM; the supervisor starts it again. Resolves when this life is over. */
  async terminate(): Promise<void> {
    const { exited } = this;
    this.signal('SIGTERM');
    await exited;
  }

  freeze(): boolean {
    return this.child?.kill('SIGSTOP') ?? false;
  }

  thaw(): boolean {
    return this.child?.kill('SIGCONT') ?? false;
  }

  /** Ends it for good: in order within `graceMs`, else at once. */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    const { exited } = this;
    this.thaw();
    this.signal('SIGTERM');
    await Promise.race([exited, pause(graceMs)]);
    this.signal('SIGKILL');
    await exited;
  }

  isReady(): Promise<boolean> {
    if (this.child === undefined) return Promise.resolve(false);
    return fetch(`http://127.0.0.1:${this.options.port}/health/ready`, { signal: AbortSignal.timeout(1_000) }).then((response) => response.ok, () => false);
  }

  private signal(signal: NodeJS.Signals): boolean {
    if (this.child === undefined) return false;
    this.isWanted = true;
    return this.child.kill(signal);
  }
}

function passedFailpoint(logFile: string, offset: number): string | undefined {
  if (!existsSync(logFile)) return undefined;
  return /^\{"failpoint":"([^"]+)"/m.exec(readFileSync(logFile).subarray(offset).toString())?.[1];
}
