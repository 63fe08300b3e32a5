import type { IncomingMessage, ServerResponse } from 'node:http';
import { create } from '@bufbuild/protobuf';
import { InferenceRequestSchema } from '@nexus/contracts';
import { AppError, deterministicId, isUuid, newId, parseTraceparent, type Clock } from '@nexus/core';
import { REQUEST_ID_HEADER, attributes, type ResolvedKey, type Span, type Tracer } from '@nexus/runtime';
import { agentOf } from '../domain/agent-request.js';
import { checkChatBody } from '../domain/chat-body.js';
import { COMPLETION_QUEUES, type Admission } from '../handlers/admission.js';
import type { ModelCalls } from '../handlers/model-calls.js';
import type { AgentCompletions, CompletionCall } from './agent-completions.js';
import { EventStream } from './event-stream.js';
import { bodyHash, idempotencyKeyOf } from './idempotency-key.js';
import { PlainAnswer } from './plain-answer.js';
import { PlainStream } from './plain-stream.js';
import { parseJson, readBody } from './read-body.js';
import { writeError } from './write-error.js';

export interface ChatCompletionsOptions {
  readonly modelCalls: ModelCalls;
  readonly admission: Pick<Admission, 'publishing'>;
  readonly agents: AgentCompletions;
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
}

/** POST /v1/chat/completions, on node:http itself: of all that NEXUS serves this is asked most. */
export class ChatCompletionsRoute {
  constructor(private readonly options: ChatCompletionsOptions) {}

  /** Rejects with an AppError as long as nothing was answered. */
  async serve(request: IncomingMessage, response: ServerResponse, key: ResolvedKey): Promise<void> {
    if (request.method !== 'POST') throw methodNotAllowed(response);
    const bytes = await readBody(request, this.options.maxBodyBytes);
    const body = checkChatBody(parseJson(bytes));
    const agent = agentOf(body.model);
    const span = this.startSpan(request, body.model, agent, key);
    try {
      const call = { request, response, body, key, span, requestId: String(request.headers[REQUEST_ID_HEADER]), deadlineMs: this.options.clock.now() + this.options.timeoutMs };
      if (agent === undefined) this.askModel(call, bytes);
      else await this.options.agents.ask(call, agent, bytes);
    } catch (error) {
      span.recordError(error);
      span.end();
      throw error;
    }
  }

  private askModel(call: CompletionCall, bytes: Buffer): void {
    const { request, response, body, key, span, requestId } = call;
    const idempotencyKey = idempotencyKeyOf(request);
    const isRepeatable = idempotencyKey !== undefined;
    const attemptId = isRepeatable ? deterministicId(key.tenantId, 'completion', idempotencyKey) : attemptIdOf(request, requestId);
    if (span.isRecording) span.setAttributes({ [attributes.attemptId]: attemptId });
    const isStream = body.stream === true;
    const inference = create(InferenceRequestSchema, {
      attemptId,
      model: body.model,
      input: { case: 'body', value: bytes },
      wantParts: isStream,
      attribution: { client: key.key.client, project: key.key.project, keyId: key.key.id },
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
    if (isStream) {
      const stream = new EventStream(response, onGone);
      const listener = new PlainStream(stream, span, body.stream_options?.include_usage === true, (error) => writeError(response, error));
      cancel = this.options.modelCalls.start(inference, listener, details);
    } else {
      cancel = this.options.modelCalls.start(inference, new PlainAnswer(response, span), details);
      response.once('close', () => response.writableEnded || onGone());
    }
  }

  private startSpan(request: IncomingMessage, model: string, agent: string | undefined, { tenantId }: ResolvedKey): Span {
    const traceparent = request.headers.traceparent;
    const parent = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined;
    const span = this.options.tracer.startSpan(agent === undefined ? `chat ${model}` : `invoke_agent ${agent}`, { kind: 'server', parent });
    if (span.isRecording) {
      span.setAttributes({
        [attributes.operationName]: agent === undefined ? 'chat' : 'invoke_agent',
        [attributes.requestModel]: model,
        [attributes.httpMethod]: 'POST',
        [attributes.httpRoute]: '/v1/chat/completions',
        [attributes.tenantId]: tenantId,
      });
    }
    return span;
  }
}

/** The request's own id, which then leads from the answer to the ledger. A request id that the caller chose may repeat, so it is none. */
function attemptIdOf(request: IncomingMessage, requestId: string): string {
  return hasOwnRequestId(request) || !isUuid(requestId) ? newId() : requestId;
}

/** True when the caller sent a request id itself. */
function hasOwnRequestId(request: IncomingMessage): boolean {
  return request.rawHeaders.some((name, i) => i % 2 === 0 && name.length === REQUEST_ID_HEADER.length && name.toLowerCase() === REQUEST_ID_HEADER);
}

function methodNotAllowed(response: ServerResponse): AppError {
  response.setHeader('allow', 'POST');
  return new AppError('method_not_allowed', 'Use POST.', { status: 405 });
}
