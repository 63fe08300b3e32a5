import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import {
  CancelRunResponseSchema, ForkRunResponseSchema, ListMessagesResponseSchema, ListThreadsResponseSchema, Role, RunQuotaSchema, ThreadMessageSchema, ThreadSchema, ThreadService,
  type CancelRunRequest, type CreateThreadRequest, type ForkRunRequest, type GetRunRequest, type GetRunResponse, type GetThreadRequest, type ListMessagesRequest, type ListThreadsRequest, type ReplayRunRequest, type ReplayRunResponse, type Thread, type UpdateThreadRequest,
} from '@nexus/contracts';
import { AppError, deterministicId, isUuid, newId, type Clock } from '@nexus/core';
import { CLOCK, RpcService, idempotencyKeyOf, requireTenant, seedOf } from '@nexus/runtime';
import { checkName } from './domain/request-rules.js';
import { runIdOf } from './domain/run-ids.js';
import { monthEnd } from './domain/run-quota.js';
import { runMessages } from './domain/conversation.js';
import { textOf } from './domain/model-answer.js';
import { OwnEndings } from './handlers/own-endings.js';
import { cancelled } from './handlers/run-input.js';
import { replayView } from './replay-view.js';
import { PlanQuotas } from './handlers/plan-quotas.js';
import { RunForks } from './run-forks.js';
import { runView } from './run-view.js';
import { RunStore, type StoredRun } from './storage/run.store.js';
import { ThreadStore, type MessageEvent, type StoredThread } from './storage/thread.store.js';

const LONGEST_TITLE = 80;

/** Threads and runs as stored; the tenant is the caller's. */
@RpcService(ThreadService)
export class ThreadRpc implements ServiceImpl<typeof ThreadService> {
  constructor(
    @Inject(ThreadStore) private readonly threads: ThreadStore,
    @Inject(RunStore) private readonly runs: RunStore,
    @Inject(OwnEndings) private readonly endings: OwnEndings,
    @Inject(RunForks) private readonly forks: RunForks,
    @Inject(PlanQuotas) private readonly quotas: PlanQuotas,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async getRunQuota(_request: unknown, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    const [now, quota] = [this.clock.now(), await this.quotas.of(tenantId)];
    if (quota === undefined) return create(RunQuotaSchema, {});
    return create(RunQuotaSchema, { plan: quota.plan, runsPerMonth: BigInt(quota.runsPerMonth), used: BigInt(await this.runs.acceptedInMonth(tenantId, now)), resetsAt: BigInt(monthEnd(now)) });
  }

  async createThread(request: CreateThreadRequest, context: HandlerContext): Promise<Thread> {
    const { tenantId, key } = requireTenant(context);
    checkName('title', request.title);
    checkName('surface', request.surface);
    const id = request.id === '' ? newThreadId(tenantId, context) : idOf(request.id, 'id');
    return threadView(await this.threads.create(tenantId, { id, title: request.title, surface: request.surface, client: key?.client ?? '', project: key?.project ?? '' }, this.clock.now()));
  }

  async listThreads(request: ListThreadsRequest, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    const limit = limitOf(request.limit);
    const after = request.after === '' ? undefined : idOf(request.after, 'after');
    const found = await this.threads.list(tenantId, { limit: limit + 1, after, includeArchived: request.includeArchived });
    return create(ListThreadsResponseSchema, { threads: found.slice(0, limit).map(threadView), hasMore: found.length > limit });
  }

  async getThread(request: GetThreadRequest, context: HandlerContext): Promise<Thread> {
    return threadView(await this.threads.get(requireTenant(context).tenantId, idOf(request.id, 'id')));
  }

  async updateThread(request: UpdateThreadRequest, context: HandlerContext): Promise<Thread> {
    const { tenantId } = requireTenant(context);
    if (request.title !== undefined) checkName('title', request.title);
    return threadView(await this.threads.update(tenantId, idOf(request.id, 'id'), { title: request.title, archived: request.archived }, this.clock.now()));
  }

  async listMessages(request: ListMessagesRequest, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    const threadId = idOf(request.threadId, 'thread_id');
    const limit = limitOf(request.limit);
    const [events, thread] = await Promise.all([
      this.threads.messages(tenantId, threadId, { limit: limit + 1, after: placeOf(request.after) }),
      this.threads.get(tenantId, threadId),
    ]);
    if (thread === undefined) throw noThread();
    return create(ListMessagesResponseSchema, { messages: events.slice(0, limit).flatMap(messageView), hasMore: events.length > limit });
  }

  async getRun(request: GetRunRequest, context: HandlerContext): Promise<GetRunResponse> {
    const { tenantId } = requireTenant(context);
    return this.view(tenantId, await this.runIdOf(tenantId, request.by));
  }

  async cancelRun(request: CancelRunRequest, context: HandlerContext) {
    const { tenantId, trace } = requireTenant(context);
    const runId = idOf(request.id, 'id');
    await this.view(tenantId, [runId]);
    await this.endings.end([cancelled({ tenantId, runId }, { trace, isAgain: false }, true)]);
    return create(CancelRunResponseSchema, { run: (await this.view(tenantId, [runId])).run });
  }

  async replayRun(request: ReplayRunRequest, context: HandlerContext): Promise<ReplayRunResponse> {
    return replayView(await this.stored(requireTenant(context).tenantId, [idOf(request.id, 'id')]));
  }

  async forkRun(request: ForkRunRequest, context: HandlerContext) {
    idOf(request.runId, 'run_id');
    const runId = await this.forks.fork(request, context);
    return create(ForkRunResponseSchema, { run: (await this.view(requireTenant(context).tenantId, [runId])).run });
  }

  private async view(tenantId: string, runIds: readonly string[]): Promise<GetRunResponse> {
    return runView(await this.stored(tenantId, runIds));
  }

  /** The first of these runs that there is. */
  private async stored(tenantId: string, runIds: readonly string[]): Promise<StoredRun> {
    const found = (await this.runs.load(runIds.map((runId) => ({ tenantId, runId })), 0)).flat()[0];
    if (found === undefined) throw noRun();
    return found;
  }

  private async runIdOf(tenantId: string, by: GetRunRequest['by']): Promise<readonly string[]> {
    switch (by.case) {
      case 'id': return [idOf(by.value, 'id')];
      case 'messageId': return [runIdOf(tenantId, by.value)];
      case 'correlationId': {
        checkName('correlation_id', by.value);
        const found = await this.threads.runByCorrelation(tenantId, by.value);
        return found === undefined ? [runIdOf(tenantId, by.value)] : [found];
      }
      default: throw new AppError('invalid_request', 'Name the run by id, message_id or correlation_id.', { status: 400, param: 'id' });
    }
  }
}

function threadView(thread: StoredThread | undefined): Thread {
  if (thread === undefined) throw noThread();
  const { first, createdAt, updatedAt, archivedAt, ...fields } = thread;
  return create(ThreadSchema, { ...fields, title: fields.title || titleOf(first), createdAt: BigInt(createdAt), updatedAt: BigInt(updatedAt), archivedAt: BigInt(archivedAt) });
}

/** The first line of the thread's first message; of a conversation that began elsewhere, of its newest question. */
function titleOf(first: StoredThread['first']): string {
  const accepted = first?.event.event;
  const request = accepted?.case === 'accepted' ? accepted.value.request : undefined;
  const said = request?.text || textOf(request?.history.findLast(({ role }) => role === Role.USER));
  const line = said.trim().split('\n', 1)[0] ?? '';
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1)}…` : line;
}

/** What an event says: of a conversation that the client holds, its newest message. */
function messageView({ runId, seq, at, event }: MessageEvent) {
  const request = event.event.case === 'accepted' ? event.event.value.request : undefined;
  const result = event.event.case === 'toolFinished' ? event.event.value.executed?.result : undefined;
  const message = result === undefined ? runMessages(request, [event]).at(request === undefined ? 0 : -1) : undefined;
  const shown = message ?? (result === undefined ? undefined : { role: Role.TOOL, parts: [{ kind: { case: 'toolResult' as const, value: result } }] });
  return shown === undefined ? [] : [create(ThreadMessageSchema, { id: `${runId}.${seq}`, runId, message: shown, createdAt: BigInt(at) })];
}

function limitOf(limit: number): number {
  if (limit < 0 || limit > 100) throw new AppError('invalid_request', 'limit must be from 1 to 100.', { status: 400, param: 'limit' });
  return limit || 20;
}

function idOf(id: string, param: string): string {
  if (!isUuid(id)) throw new AppError('invalid_request', `${param} must be an id (a UUID).`, { status: 400, param });
  return id;
}

function placeOf(after: string): { runId: string; seq: number } | undefined {
  if (after === '') return undefined;
  const [runId = '', seq = ''] = after.split('.');
  if (!isUuid(runId) || !/^\d{1,9}$/.test(seq)) throw new AppError('invalid_request', 'after must be the id of a message.', { status: 400, param: 'after' });
  return { runId, seq: Number(seq) };
}

/** Under an idempotency key the same one, however often the call is carried out. */
function newThreadId(tenantId: string, context: HandlerContext): string {
  return idempotencyKeyOf(context) === undefined ? newId() : deterministicId(tenantId, 'thread', Buffer.from(seedOf(context)).toString('hex'));
}

const noThread = (): AppError => new AppError('thread_not_found', 'There is no such thread.', { status: 404, param: 'thread_id' });
const noRun = (): AppError => new AppError('run_not_found', 'There is no such run.', { status: 404, param: 'run_id' });
