import type { IncomingMessage, ServerResponse } from 'node:http';
import { create } from '@bufbuild/protobuf';
import { InferenceRequestSchema } from '@nexus/contracts';
import { AppError, deterministicId, isUuid, newId, parseTraceparent, type Clock } from '@nexus/core';
import { REQUEST_ID_HEADER, asKey, attributes, type ResolvedKey, type Span, type Tracer } from '@nexus/runtime';
import { agentOf } from '../domain/agent-request.js';
import type { ModelEndpoint } from '../domain/endpoints/model-endpoint.js';
import { invalidInput } from '../domain/invalid-input.js';
import { COMPLETION_QUEUES, type Admission } from '../handlers/admission.js';
import type { KeptAnswers } from '../handlers/kept-answers.js';
import type { ModelCalls } from '../handlers/model-calls.js';
import type { AgentCompletions } from './agent-completions.js';
import type { RawRoute } from './door.js';
import { EventStream } from './event-stream.js';
import { bodyHash, idempotencyKeyOf } from './idempotency-key.js';
import type { ModelCall } from './model-call.js';
import { PlainAnswer } from './plain-answer.js';
import { PlainStream } from './plain-stream.js';
import { parseJson, readBody } from './read-body.js';
import { requireMethod } from './require-method.js';
import { userOf } from './user-header.js';
import { writeError } from './write-error.js';

export interface ModelRouteOptions {
  readonly modelCalls: ModelCalls;
  readonly admission: Pick<Admission, 'publishing'>;
  readonly agents: AgentCompletions;
  readonly kept: KeptAnswers;
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
}

/** One of the paths that lead to models, on node:http itself: of all that NEXUS serves they are asked most. */
export class ModelRoute<B> implements RawRoute {
  readonly queues = COMPLETION_QUEUES;

  constructor(
    private readonly endpoint: ModelEndpoint<B>,
    private readonly options: ModelRouteOptions,
  ) {}

  /** Rejects with an AppError as long as nothing was answered. */
  async serve(request: IncomingMessage, response: ServerResponse, key: ResolvedKey): Promise<void> {
    requireMethod('POST', request, response);
    const read = await readBody(request, this.options.maxBodyBytes);
    const { body, bytes } = await this.resolved(this.endpoint.check(parseJson(read)), read, request, key);
    const asked = this.endpoint.ask(body);
    const agent = agentOf(asked.model);
    const span = this.startSpan(request, asked.model, agent, key);
    try {
      const deadlineMs = this.options.clock.now() + this.options.timeoutMs;
      const call: ModelCall<B> = { request, response, body, asked: { ...asked, user: userOf(request) ?? asked.user }, key, span, requestId: String(request.headers[REQUEST_ID_HEADER]), deadlineMs, remember: this.rememberer(body, request, key) };
      if (agent === undefined) this.askModel(call, bytes);
      else await this.askAgent(call, agent, bytes);
    } catch (error) {
      span.recordError(error);
      span.end();
      throw error;
    }
  }

  /** What the body refers to stands in it from here on; without references it is the client's own, byte for byte. */
  private async resolved(body: B, bytes: Buffer, request: IncomingMessage, key: ResolvedKey): Promise<{ readonly body: B; readonly bytes: Buffer }> {
    const { memory } = this.endpoint;
    const ids = memory?.refersTo(body) ?? [];
    if (!memory || ids.length === 0) return { body, bytes };
    const whole = memory.resolve(body, await this.options.kept.get(ids, optionsOf(request, key)));
    return { body: whole, bytes: Buffer.from(JSON.stringify(whole)) };
  }

  private rememberer(body: B, request: IncomingMessage, key: ResolvedKey): ModelCall['remember'] {
    const { memory } = this.endpoint;
    if (!memory?.isKept(body)) return undefined;
    return async (answer) => {
      const kept = memory.toKeep(answer);
      if (kept) await this.options.kept.keep(kept, optionsOf(request, key));
    };
  }

  private async askAgent(call: ModelCall<B>, agent: string, bytes: Buffer): Promise<void> {
    const { endpoint } = this;
    if (!endpoint.agents) throw invalidInput('unsupported_value', 'model', `Invalid 'model': agents cannot be asked at ${endpoint.path}. Name a model.`);
    await this.options.agents.ask(call, { ...endpoint, agents: endpoint.agents }, agent, bytes);
  }

  private askModel(call: ModelCall<B>, bytes: Buffer): void {
    const { request, response, body, asked, key, span, requestId, remember } = call;
    const { endpoint } = this;
    const idempotencyKey = idempotencyKeyOf(request);
    const isRepeatable = idempotencyKey !== undefined;
    const attemptId = isRepeatable ? deterministicId(key.tenantId, endpoint.keyScope, idempotencyKey) : attemptIdOf(request, requestId);
    if (span.isRecording) span.setAttributes({ [attributes.attemptId]: attemptId });
    const inference = create(InferenceRequestSchema, {
      attemptId,
      model: asked.model,
      input: { case: 'body', value: bytes },
      wire: endpoint.wire,
      wantParts: asked.isStream,
      attribution: { client: key.key.client, project: key.key.project, keyId: key.key.id, user: asked.user ?? '' },
      headers: headersOf(request, endpoint.passedHeaders),
      deadlineMs: BigInt(call.deadlineMs),
      idempotencyHash: isRepeatable ? bodyHash(bytes) : '',
    });
    const details = { tenantId: key.tenantId, isRepeatable, correlationId: requestId, trace: span.trace };
    this.options.admission.publishing(COMPLETION_QUEUES);
    let cancel: (() => void) | undefined;
    const onGone = (): void => {
      cancel?.();
      span.recordError(new AppError('client_closed_request', 'The client did not wait for the answer.', { status: 499 }));
      span.end();
    };
    if (asked.isStream) {
      const ending = {
        tail: endpoint.tail(),
        endOfStream: endpoint.endOfStream,
        wholeAsEvents: (json: string) => endpoint.wholeAsEvents(json, body),
        remember,
        refuse: (error: AppError) => writeError(request, response, error),
      };
      cancel = this.options.modelCalls.start(inference, new PlainStream(new EventStream(response, onGone), span, ending), details);
    } else {
      cancel = this.options.modelCalls.start(inference, new PlainAnswer(request, response, span, remember), details);
      response.once('close', () => response.writableEnded || onGone());
    }
  }

  private startSpan(request: IncomingMessage, model: string, agent: string | undefined, { tenantId }: ResolvedKey): Span {
    const { operation, path } = this.endpoint;
    const traceparent = request.headers.traceparent;
    const parent = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
    const span = this.options.tracer.startSpan(agent === undefined ? `${operation} ${model}` : `invoke_agent ${agent}`, { kind: 'server', parent });
    if (span.isRecording) {
      span.setAttributes({
        [attributes.operationName]: agent === undefined ? operation : 'invoke_agent',
        [attributes.requestModel]: model,
        [attributes.httpMethod]: 'POST',
        [attributes.httpRoute]: path,
        [attributes.tenantId]: tenantId,
      });
    }
    return span;
  }
}

function optionsOf({ headers }: IncomingMessage, { tenantId, key }: ResolvedKey): ReturnType<typeof asKey> {
  return asKey(tenantId, key, undefined, { requestId: String(headers[REQUEST_ID_HEADER]) });
}

function headersOf({ headers }: IncomingMessage, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])));
}

/** The request's own id, which then leads from the answer to the ledger. A request id that the caller chose may repeat, so it is none. */
function attemptIdOf(request: IncomingMessage, requestId: string): string {
  return hasOwnRequestId(request) || !isUuid(requestId) ? newId() : requestId;
}

/** True when the caller sent a request id itself. */
function hasOwnRequestId(request: IncomingMessage): boolean {
  return request.rawHeaders.some((name, i) => i % 2 === 0 && name.length === REQUEST_ID_HEADER.length && name.toLowerCase() === REQUEST_ID_HEADER);
}
