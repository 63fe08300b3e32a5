import { fork, type ChildProcess } from 'node:child_process';
import { AppError } from '@nexus/core';

/** What runs in the child, and within which bounds. */
export interface IsolatedWork {
  /** Subject of error messages, e.g. `The calculation`. */
  readonly title: string;
  /** Source module (`.ts`) that exports the function; it imports packages only, nothing by relative path. */
  readonly module: URL;
  /** Name of the function: synchronous, one argument; both it and the result are structured-cloneable. */
  readonly exportName: string;
  /** Milliseconds for one call, the start of the process not counted. */
  readonly timeoutMs: number;
  /** Megabytes of JavaScript heap. */
  readonly maxHeapMb: number;
}

type Reply = { readonly kind: 'ready' } | ({ readonly cpuMs: number } & ({ readonly kind: 'ok'; readonly output: unknown } | { readonly kind: 'error'; readonly message: string }));

const START_TIMEOUT_MS = 15_000;
/** By so much the child's own stop comes after ours: it is for the case that we are gone. */
const ORPHAN_GRACE_MS = 1_000;

/**
 * One function in a process of its own, called again and again, one call at a time. Why not a worker thread: a large array in
 * a worker aborts the whole process in spite of `resourceLimits` (nodejs/node#65019), and here callers choose the arrays.
 * The child has an empty environment and may not write files or start programs. It is no sandbox for foreign code.
 */
export class IsolatedProcess<Input, Output> {
  readonly #work: IsolatedWork;
  readonly #child: ChildProcess;
  readonly #ready: Promise<Reply>;
  #isAlive = true;

  constructor(work: IsolatedWork) {
    this.#work = work;
    this.#child = fork(asRunning(new URL('./isolated-process-child.ts', import.meta.url)), [asRunning(work.module).href, work.exportName], {
      env: {},
      execArgv: ['--permission', '--allow-fs-read=*', `--max-old-space-size=${work.maxHeapMb}`],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.#child.once('exit', () => (this.#isAlive = false));
    this.#ready = this.#reply(START_TIMEOUT_MS);
    // Awaited by the first call; until then a failed start must not count as unhandled.
    this.#ready.catch(() => {});
  }

  /** False once the process ended, by itself or by `kill`; it cannot be used again. */
  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * The function's result. Throws AppError `tool_timeout` or `tool_crashed` (out of memory, most often), the signal's reason
   * when it aborts, or a plain Error with the function's own message. After all but the last the process is gone. `spent` is told of the
   * milliseconds that it computed; of a call that was ended, of all the time that it had.
   */
  async call(input: Input, signal: AbortSignal, spent?: (cpuMs: number) => void): Promise<Output> {
    this.#keepParentAlive(true);
    let sentAt: number | undefined;
    try {
      await untilAborted(this.#ready, signal);
      const reply = this.#reply(this.#work.timeoutMs);
      sentAt = performance.now();
      // A failed send is seen as the child's exit.
      this.#child.send({ input, timeoutMs: this.#work.timeoutMs + ORPHAN_GRACE_MS }, () => {});
      const answer = await untilAborted(reply, signal);
      if (answer.kind !== 'ready') spent?.(answer.cpuMs);
      sentAt = undefined;
      if (answer.kind === 'ok') return answer.output as Output;
      throw new Error(answer.kind === 'error' ? answer.message : 'the child spoke out of turn');
    } catch (error) {
      if (signal.aborted || error instanceof AppError) this.kill();
      if (sentAt !== undefined) spent?.(performance.now() - sentAt);
      throw error;
    } finally {
      this.#keepParentAlive(false);
    }
  }

  /** Ends the process at once; a call in progress fails. */
  kill(): void {
    this.#isAlive = false;
    this.#child.kill('SIGKILL');
  }

  #reply(timeoutMs: number): Promise<Reply> {
    const child = this.#child;
    const { title, maxHeapMb } = this.#work;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        act();
      };
      const onMessage = (message: unknown): void => settle(() => resolve(message as Reply));
      const onExit = (): void => settle(() => reject(new AppError('tool_crashed', `${title} ended abruptly; it may need more than its ${maxHeapMb} MB of memory.`)));
      const onError = (cause: Error): void => settle(() => reject(new AppError('tool_crashed', `${title} could not be started.`, { isRetryable: true, cause })));
      const onTime = (): void => settle(() => reject(new AppError('tool_timeout', `${title} took longer than ${timeoutMs} ms and was stopped.`)));
      const timer = setTimeout(onTime, timeoutMs);
      child.once('message', onMessage).once('exit', onExit).once('error', onError);
    });
  }

  /** An idle child must not hold up the end of the parent; a busy one must. */
  #keepParentAlive(isBusy: boolean): void {
    if (isBusy) this.#child.ref();
    else this.#child.unref();
    if (isBusy) this.#child.channel?.ref();
    else this.#child.channel?.unref();
  }
}

/** A source module's URL as it is now: of its `.js` file when this runs from the build. */
function asRunning(source: URL): URL {
  return import.meta.url.endsWith('.ts') ? source : new URL(source.href.replace(/\.ts$/, '.js'));
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
