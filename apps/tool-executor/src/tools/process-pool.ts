import { AppError } from '@nexus/core';
import { IsolatedProcess, type IsolatedWork } from './isolated-process.js';

export interface ProcessPoolOptions extends IsolatedWork {
  /** Processes at most, so calls at once; further calls wait their turn. */
  readonly size: number;
  /** Milliseconds after which an unused process ends. */
  readonly idleMs: number;
}

interface Idle<Input, Output> {
  readonly process: IsolatedProcess<Input, Output>;
  readonly timer: NodeJS.Timeout;
}

/** Up to `size` isolated processes running the same function; started when needed, used again, replaced when one dies. */
export class ProcessPool<Input, Output> {
  readonly #options: ProcessPoolOptions;
  readonly #busy = new Set<IsolatedProcess<Input, Output>>();
  readonly #waiting = new Set<() => void>();
  #idle: Idle<Input, Output>[] = [];
  #running = 0;
  #isClosed = false;

  constructor(options: ProcessPoolOptions) {
    this.#options = options;
  }

  /** Processes that exist now, busy or idle. */
  get processCount(): number {
    return this.#busy.size + this.#idle.length;
  }

  /** The function's result; errors, and what `spent` is told, as of `IsolatedProcess.call`. An aborted call stops at once, waiting or running. */
  async run(input: Input, signal: AbortSignal, spent?: (cpuMs: number) => void): Promise<Output> {
    await this.#turn(signal);
    try {
      if (this.#isClosed) throw closed();
      return await this.#call(input, signal, spent);
    } catch (error) {
      throw this.#isClosed ? closed() : error;
    } finally {
      this.#running--;
      const next = this.#waiting.values().next().value;
      next?.();
    }
  }

  /** Ends every process; calls running or waiting fail with AppError `tool_closed`, and so do later ones. */
  close(): void {
    this.#isClosed = true;
    for (const { process, timer } of this.#idle) {
      clearTimeout(timer);
      process.kill();
    }
    this.#idle = [];
    for (const process of this.#busy) process.kill();
  }

  async #call(input: Input, signal: AbortSignal, spent?: (cpuMs: number) => void): Promise<Output> {
    const process = this.#take();
    this.#busy.add(process);
    try {
      return await process.call(input, signal, spent);
    } finally {
      this.#busy.delete(process);
      if (process.isAlive) this.#rest(process);
    }
  }

  #take(): IsolatedProcess<Input, Output> {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) {
      clearTimeout(idle.timer);
      if (idle.process.isAlive) return idle.process;
    }
    return new IsolatedProcess<Input, Output>(this.#options);
  }

  #rest(process: IsolatedProcess<Input, Output>): void {
    const timer = setTimeout(() => {
      this.#idle = this.#idle.filter((idle) => idle.process !== process);
      process.kill();
    }, this.#options.idleMs);
    timer.unref();
    this.#idle.push({ process, timer });
  }

  /** Resolves when fewer than `size` calls run, in order of arrival. */
  #turn(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.#running < this.#options.size) {
      this.#running++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(enter);
        signal.removeEventListener('abort', onAbort);
      };
      const enter = (): void => {
        leave();
        this.#running++;
        resolve();
      };
      const onAbort = (): void => {
        leave();
        reject(signal.reason as Error);
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function closed(): AppError {
  return new AppError('tool_closed', 'The tool is shutting down.', { isRetryable: true });
}
