import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { TaskState } from '@nexus/contracts';
import { CLIENTS, type ServiceClients } from '@nexus/runtime';
import { z } from 'zod';
import { taskInput } from './task-input.js';
import { queuedTaskJson, type QueuedTaskJson } from '../domain/task-json.js';
import { listJson, type ListJson } from '../domain/thread-json.js';
import { Api, type ApiCall } from './caller.js';
import { pageQuery } from './page-query.js';
import { parseInput } from './parse-input.js';
import { userOf } from './user-header.js';

const STATES = { queued: TaskState.QUEUED, running: TaskState.RUNNING, done: TaskState.DONE, failed: TaskState.FAILED, cancelled: TaskState.CANCELLED } as const;
const states = Object.keys(STATES) as (keyof typeof STATES)[];
const tasksQuery = pageQuery.extend({ state: z.enum(states, `must be one of ${states.join(', ')}`).optional() });

/** /queue: tasks that are done when it is their turn, whoever waits for them. */
@Controller('queue')
export class QueueController {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  /** Answers once the task is stored. The same Idempotency-Key gives the same task. */
  @Post()
  @HttpCode(202)
  async add(@Api() { request, options }: ApiCall, @Body() body: unknown): Promise<QueuedTaskJson> {
    const { text, agent, model, user } = parseInput(taskInput, body ?? {});
    return queuedTaskJson(await this.clients.tasks.enqueueTask({ text, agent, model, user: userOf(request) ?? user ?? '' }, options));
  }

  /** Newest first, without results. */
  @Get()
  async list(@Api() { options }: ApiCall, @Query() query: unknown): Promise<ListJson<QueuedTaskJson>> {
    const { limit, after, state } = parseInput(tasksQuery, query);
    const { tasks, hasMore } = await this.clients.tasks.listTasks({ limit, after, ...(state && { state: STATES[state] }) }, options);
    return listJson(tasks.map(queuedTaskJson), hasMore);
  }

  @Get(':task_id')
  async get(@Api() { options }: ApiCall, @Param('task_id') id: string): Promise<QueuedTaskJson> {
    return queuedTaskJson(await this.clients.tasks.getTask({ id }, options));
  }

  /** Cancels it: at once while it waits, soon while it runs. One that is over stays as it is. */
  @Delete(':task_id')
  async cancel(@Api() { options }: ApiCall, @Param('task_id') id: string): Promise<QueuedTaskJson> {
    return queuedTaskJson(await this.clients.tasks.cancelTask({ id }, options));
  }
}
