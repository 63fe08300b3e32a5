import { TaskState } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { ServiceClients } from '@nexus/runtime';
import { queuedTaskJson } from '../../domain/task-json.js';
import type { RunCaller } from '../run-streams.js';
import type { SocketChannel } from './socket-channel.js';

/** The queue changes about once a second. */
const LOOK_EVERY_MS = 1_000;
/** Failures in a row after which the watch is given up. */
const MOST_FAILURES = 10;

const OVER: ReadonlySet<TaskState> = new Set([TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED]);

/** Tells a client of a queued task, now and whenever it has changed, until it is over. */
export class TaskWatch {
  private isStopped = false;
  private timer: NodeJS.Timeout | undefined;
  private wake = (): void => undefined;

  constructor(
    private readonly clients: Pick<ServiceClients, 'tasks'>,
    private readonly channel: Pick<SocketChannel, 'send'>,
    private readonly caller: RunCaller,
    private readonly taskId: string,
  ) {}

  /** Resolves when the task is over or the watch was stopped. Rejects with an AppError when there is no such task, or nobody can tell of it. */
  async run(): Promise<void> {
    let told = '';
    for (let failures = 0; !this.isStopped; ) {
      try {
        const task = await this.clients.tasks.getTask({ id: this.taskId }, this.caller.options);
        failures = 0;
        const json = queuedTaskJson(task);
        const text = JSON.stringify(json);
        if (text !== told && !this.isStopped) this.channel.send({ type: 'task_update', task: { ...json } });
        told = text;
        if (OVER.has(task.state)) return;
      } catch (error) {
        const shown = AppError.from(error);
        if (shown.status < 500 || ++failures >= MOST_FAILURES) throw shown;
      }
      await this.pause();
    }
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.wake();
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      if (this.isStopped) return resolve();
      this.wake = resolve;
      this.timer = setTimeout(resolve, LOOK_EVERY_MS);
    });
  }
}
