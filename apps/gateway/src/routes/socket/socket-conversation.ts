import { KeyKind, type GetRunRequest, type GetRunResponse } from '@nexus/contracts';
import { AppError, parseTraceparent, type TraceContext } from '@nexus/core';
import { asKey, attributes, mayPublishFor, type AgentCall, type AgentCalls, type ResolvedKey, type ServiceClients, type Span, type Tracer } from '@nexus/runtime';
import { acceptanceOf, mayFollow } from '../../domain/run-acceptance.js';
import type { ClientFrame } from './client-frame.js';
import { errorFrame, type ErrorSubject } from './server-frame.js';
import { socketRequest } from './socket-request.js';
import { RUN_QUEUES, type Admission } from '../../handlers/admission.js';
import { publisherOf } from '../publisher.js';
import { requireId } from '../require-id.js';
import { RunParts } from '../run-parts.js';
import type { RunCaller, RunStreams } from '../run-streams.js';
import { FrameReader } from './frame-reader.js';
import { OpenRuns } from './open-runs.js';
import type { SocketChannel } from './socket-channel.js';
import type { SocketLimits } from './socket-limits.js';
import { TaskWatch } from './task-watch.js';

export interface SocketParts {
  readonly agentCalls: Pick<AgentCalls, 'ask'>;
  readonly streams: RunStreams;
  readonly admission: Pick<Admission, 'require' | 'publishing'>;
  readonly clients: Pick<ServiceClients, 'threads' | 'tasks'>;
  readonly tracer: Tracer;
}

type FrameOf<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
/** What a client may say once it has logged in. */
export type Asking = FrameOf<'send_message' | 'subscribe' | 'unsubscribe' | 'cancel'>;

/** What one client asks over its WebSocket, and what it is told. */
export class SocketConversation {
  private readonly open: OpenRuns;

  constructor(
    private readonly parts: SocketParts,
    private readonly channel: SocketChannel,
    private readonly requestId: string,
    { mostOpen }: SocketLimits,
  ) {
    this.open = new OpenRuns(mostOpen);
  }

  /** Resolves when the frame is taken: what comes of it is told later. Rejects with an AppError, of which the client is to be told. */
  take(frame: Asking, key: ResolvedKey): Promise<void> {
    switch (frame.type) {
      case 'send_message': return this.send(frame, key);
      case 'subscribe': return this.subscribe(frame, key);
      case 'unsubscribe': return Promise.resolve(this.open.end(frame));
      case 'cancel': return this.cancel(frame.message_id, key);
    }
  }

  /** Nobody is told of anything any more; runs go on. */
  stop(): void {
    this.open.endAll();
  }

  private async send({ id, request: json, traceparent }: FrameOf<'send_message'>, key: ResolvedKey): Promise<void> {
    if (this.open.has(id)) return; // its answer comes once
    this.open.requireRoom();
    const request = socketRequest(json);
    if (!mayPublishFor(key.key, request.surface)) {
      throw new AppError('permission_denied', `This key may not send for the surface ${JSON.stringify(request.surface.slice(0, 100))}.`, { status: 403, param: 'surface' });
    }
    const trace = parseTraceparent(traceparent);
    const caller = this.callerOf(key, trace);
    if (key.key.kind !== KeyKind.API) await this.requireOwnSurface(caller, id, key);
    this.parts.admission.require(RUN_QUEUES);
    this.parts.admission.publishing(RUN_QUEUES);
    const span = this.startSpan(request.agent || 'default', key.tenantId, trace);
    const live = new RunParts();
    const agentCall = this.parts.agentCalls.ask(request, {
      publisher: publisherOf(key), messageId: id, isRepeatable: true, trace: span.trace,
      onProgress: (part) => live.add(part),
    });
    endWithAcceptance(span, agentCall);
    const run = this.open.add({ messageId: id, runId: undefined, stopRun: () => agentCall.stopRun() });
    agentCall.answer.catch((error: unknown) => {
      const shown = AppError.from(error);
      if (shown.code === 'forgotten') return; // the stored run told the answer, or nobody wants it
      if (!run.isOver) this.tell(shown, { message_id: id });
      run.end();
    });
    const followed = this.parts.streams.beginFor(caller, { case: 'messageId', value: id }, (stored, onGone) => {
      run.onEnd(onGone);
      return new FrameReader(this.channel, id, stored);
    }, live, agentCall);
    this.watch(followed, run, { message_id: id });
  }

  /** An id names one message of its tenant: nobody hears the answer to that of a surface which is not his. */
  private async requireOwnSurface(caller: RunCaller, messageId: string, { key }: ResolvedKey): Promise<void> {
    const found = await this.find(caller, { case: 'messageId', value: messageId });
    const surface = found && acceptanceOf(found)?.request?.surface;
    if (found === undefined || mayFollow(key, found) || (surface !== undefined && mayPublishFor(key, surface))) return;
    throw new AppError('permission_denied', 'A message of another surface has this id. Use an id of your own.', { status: 403, param: 'id' });
  }

  private async subscribe(frame: FrameOf<'subscribe'>, key: ResolvedKey): Promise<void> {
    if (frame.task_id !== undefined) return this.watchTask(frame.task_id, key);
    const caller = this.callerOf(key, undefined);
    if (frame.run_id !== undefined) requireId('run', frame.run_id);
    const found = await this.find(caller, frame.run_id === undefined ? { case: 'messageId', value: frame.message_id ?? '' } : { case: 'id', value: frame.run_id });
    if (found?.run === undefined || !mayFollow(key.key, found)) throw noRun(frame.run_id === undefined ? 'message_id' : 'run_id');
    const { id: runId, messageId } = found.run;
    this.open.end({ message_id: messageId }); // who subscribes to his own message hears of it in one way only
    this.open.requireRoom();
    const run = this.open.add({ messageId, runId });
    const followed = this.parts.streams.resumeFor(caller, runId, undefined, frame.after, (stored, onGone) => {
      run.onEnd(onGone);
      return new FrameReader(this.channel, messageId, stored);
    });
    this.watch(followed, run, { message_id: messageId, run_id: runId });
  }

  private watchTask(taskId: string, key: ResolvedKey): Promise<void> {
    if (key.key.kind !== KeyKind.API) return Promise.reject(new AppError('permission_denied', 'Tasks are those of API keys.', { status: 403, param: 'task_id' }));
    this.open.end({ task_id: taskId });
    this.open.requireRoom();
    const watch = new TaskWatch(this.parts.clients, this.channel, this.callerOf(key, undefined), taskId);
    const task = this.open.add({ taskId });
    task.onEnd(() => watch.stop());
    this.watch(watch.run(), task, { task_id: taskId });
    return Promise.resolve();
  }

  private async cancel(messageId: string, key: ResolvedKey): Promise<void> {
    const caller = this.callerOf(key, undefined);
    const found = await this.find(caller, { case: 'messageId', value: messageId });
    if (found?.run !== undefined && mayFollow(key.key, found)) await this.parts.clients.threads.cancelRun({ id: found.run.id }, caller.options);
    else if (found !== undefined || !this.open.stopRun(messageId)) throw noRun('message_id');
  }

  private find(caller: RunCaller, by: GetRunRequest['by']): Promise<GetRunResponse | undefined> {
    return this.parts.streams.find(caller, by).catch((error: unknown) => {
      if (AppError.from(error).status !== 404) throw error;
      return undefined;
    });
  }

  private callerOf({ tenantId, key }: ResolvedKey, trace: TraceContext | undefined): RunCaller {
    return { tenantId, options: asKey(tenantId, key, trace, { requestId: this.requestId }) };
  }

  /** What is followed ends by itself, or with an error that the client hears of. */
  private watch(followed: Promise<void>, run: ReturnType<OpenRuns['add']>, subject: ErrorSubject): void {
    followed
      .catch((error: unknown) => {
        if (!run.isOver) this.tell(AppError.from(error), subject);
      })
      .finally(() => run.end());
  }

  private tell(error: AppError, subject: ErrorSubject): void {
    this.channel.send(errorFrame(error, subject, this.requestId));
  }

  private startSpan(agent: string, tenantId: string, parent: TraceContext | undefined): Span {
    const span = this.parts.tracer.startSpan(`invoke_agent ${agent}`, { kind: 'server', parent });
    if (span.isRecording) {
      span.setAttributes({ [attributes.operationName]: 'invoke_agent', [attributes.agentName]: agent, [attributes.httpRoute]: '/ws', [attributes.tenantId]: tenantId });
    }
    return span;
  }
}

/** The span of a message ends where its run begins to live on its own; without steps in its progress, with its answer. */
function endWithAcceptance(span: Span, { accepted, answer }: AgentCall): void {
  Promise.race([accepted, answer])
    .then(({ runId }) => span.setAttributes({ [attributes.runId]: runId }), (error: unknown) => span.recordError(error))
    .finally(() => span.end());
}

function noRun(param: string): AppError {
  return new AppError('run_not_found', 'There is no run of it, or not one of this key.', { status: 404, param });
}
