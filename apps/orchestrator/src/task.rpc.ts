import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import {
  IncomingRequestSchema, ListTasksResponseSchema, QueuedTaskSchema, TaskService, TaskState,
  type CancelTaskRequest, type EnqueueTaskRequest, type GetTaskRequest, type ListTasksRequest, type QueuedTask,
} from '@nexus/contracts';
import { AppError, deterministicId, isUuid, type Clock } from '@nexus/core';
import { CLOCK, RpcService, requireTenant, seedOf } from '@nexus/runtime';
import { checkRequest } from './domain/request-rules.js';
import { AgentDirectory } from './handlers/agent-directory.js';
import { QueuedTaskStore, type StoredTask } from './storage/queued-task.store.js';
import { MOST_WAITING_TASKS } from './tokens.js';

const QUEUE_SURFACE = 'queue';
const MOST_OF_A_PAGE = 100;
const USUAL_PAGE = 20;
const ROOM_AGAIN_MS = 10_000;

/** The tenant's queue of tasks; the tenant is the caller's. */
@RpcService(TaskService)
export class TaskRpc implements ServiceImpl<typeof TaskService> {
  constructor(
    @Inject(QueuedTaskStore) private readonly tasks: QueuedTaskStore,
    @Inject(AgentDirectory) private readonly agents: AgentDirectory,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(MOST_WAITING_TASKS) private readonly mostWaiting: number,
  ) {}

  /** What could never become a run is refused at once. */
  async enqueueTask({ text, agent, model, user }: EnqueueTaskRequest, context: HandlerContext): Promise<QueuedTask> {
    const { tenantId, key } = requireTenant(context);
    const now = this.clock.now();
    const request = create(IncomingRequestSchema, { text, agent, model, surface: QUEUE_SURFACE, ...(user !== '' && { sender: { id: user } }) });
    checkRequest(request, now);
    await this.agents.choose(tenantId, agent, model);
    const id = deterministicId(Buffer.from(seedOf(context)).toString('hex'), 'task');
    const owner = { tenantId, keyId: key?.id ?? '', client: key?.client ?? '', project: key?.project ?? '' };
    const task = await this.tasks.add(owner, id, request, now, this.mostWaiting);
    if (task === undefined) throw new AppError('queue_full', `${this.mostWaiting} tasks wait already. Retry when some have begun.`, { status: 429, isRetryable: true, retryAfterMs: ROOM_AGAIN_MS });
    return view(task);
  }

  async listTasks({ limit, after, state }: ListTasksRequest, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    if (limit < 0 || limit > MOST_OF_A_PAGE) throw new AppError('invalid_request', `limit must be from 1 to ${MOST_OF_A_PAGE}.`, { status: 400, param: 'limit' });
    const most = limit || USUAL_PAGE;
    if (after !== '' && !isUuid(after)) throw noTask('after');
    const found = await this.tasks.list(tenantId, { limit: most + 1, after: after || undefined, state: state === TaskState.UNSPECIFIED ? undefined : state });
    return create(ListTasksResponseSchema, { tasks: found.slice(0, most).map(view), hasMore: found.length > most });
  }

  async getTask({ id }: GetTaskRequest, context: HandlerContext): Promise<QueuedTask> {
    const { tenantId } = requireTenant(context);
    return required(isUuid(id) ? await this.tasks.get(tenantId, id) : undefined);
  }

  async cancelTask({ id }: CancelTaskRequest, context: HandlerContext): Promise<QueuedTask> {
    const { tenantId } = requireTenant(context);
    return required(isUuid(id) ? await this.tasks.cancel(tenantId, id, this.clock.now()) : undefined);
  }
}

function required(task: StoredTask | undefined): QueuedTask {
  if (task === undefined) throw noTask('id');
  return view(task);
}

function noTask(param: string): AppError {
  return new AppError('task_not_found', 'There is no such task.', { status: 404, param });
}

function view({ id, request, state, position, createdAt, startedAt, finishedAt, answer }: StoredTask): QueuedTask {
  const { text, agent, model } = request;
  return create(QueuedTaskSchema, {
    id, text, agent, model, state, position, messageId: id,
    createdAt: BigInt(createdAt), startedAt: BigInt(startedAt), finishedAt: BigInt(finishedAt),
    ...(answer && { answer }),
  });
}
