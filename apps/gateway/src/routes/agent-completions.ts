import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProcessedRequest } from '@nexus/contracts';
import { AppError, deterministicId, failpoint, newId, type Clock } from '@nexus/core';
import { attributes, type AgentCall, type AgentCalls, type ResolvedKey, type Span } from '@nexus/runtime';
import { requireAnswer, toChatCompletion, type CompletionIdentity } from '../domain/agent-answer.js';
import { AgentChunks } from '../domain/agent-chunks.js';
import { toAgentRequest } from '../domain/agent-request.js';
import type { ChatBody } from '../domain/chat-body.js';
import { toOpenAiError } from '../domain/openai-error.js';
import { DONE_EVENT, HEARTBEAT, formatEvent } from '../domain/server-sent-event.js';
import { toUnixSeconds } from '../domain/unix-seconds.js';
import { RUN_QUEUES, type Admission } from '../handlers/admission.js';
import { EventStream } from './event-stream.js';
import { idempotencyKeyOf } from './idempotency-key.js';
import { publisherOf } from './publisher.js';
import { writeError, writeJson } from './write-error.js';

/** One checked request for a completion. */
export interface CompletionCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly body: ChatBody;
  readonly key: ResolvedKey;
  readonly span: Span;
  readonly requestId: string;
  readonly deadlineMs: number;
}

/** Chat completions of `agent/<name>`: a run with tools on the server, in OpenAI's shape. */
export class AgentCompletions {
  constructor(
    private readonly agentCalls: AgentCalls,
    private readonly admission: Pick<Admission, 'require' | 'publishing'>,
    private readonly clock: Clock,
  ) {}

  /** Throws an AppError for a body that an agent cannot take, and while too many messages to agents wait; everything later is answered here. */
  ask(call: CompletionCall, agent: string): void {
    const { body, span, requestId } = call;
    const request = toAgentRequest(body, agent, call.deadlineMs);
    this.admission.require(RUN_QUEUES);
    if (span.isRecording) span.setAttributes({ [attributes.agentName]: agent });
    failpoint('gateway.before-publish');
    const identity = { id: `chatcmpl-${requestId}`, model: body.model, created: toUnixSeconds(this.clock.now()) };
    const reader: CompletionReader = body.stream ? new StreamedCompletion(call, identity) : new WholeCompletion(call, identity);
    const abort = new AbortController();
    this.admission.publishing(RUN_QUEUES);
    const agentCall = this.agentCalls.ask(request, {
      publisher: publisherOf(call.key),
      messageId: messageIdOf(call),
      isRepeatable: idempotencyKeyOf(call.request) !== undefined,
      correlationId: requestId,
      trace: span.trace,
      onProgress: ({ payload }) => reader.onPart?.(payload),
      signal: abort.signal,
    });
    reader.onGone(() => abort.abort());
    this.finish(agentCall, reader, span);
  }

  private finish(agentCall: AgentCall, reader: CompletionReader, span: Span): void {
    agentCall.answer
      .then((answer) => {
        if (span.isRecording) span.setAttributes(attributesOf(answer));
        requireAnswer(answer);
        reader.onAnswer(answer);
      })
      .catch((error: unknown) => {
        span.recordError(error);
        reader.onFailure(inWordsOfModels(AppError.from(error)));
      })
      .finally(() => span.end());
  }
}

/** The two ways to answer: whole, or as it comes. */
interface CompletionReader {
  onPart?(part: Parameters<AgentChunks['add']>[0]): void;
  onAnswer(answer: ProcessedRequest): void;
  onFailure(error: AppError): void;
  /** Called once if the client leaves before the answer. */
  onGone(cancel: () => void): void;
}

class WholeCompletion implements CompletionReader {
  constructor(
    private readonly call: CompletionCall,
    private readonly identity: CompletionIdentity,
  ) {}

  onAnswer(answer: ProcessedRequest): void {
    writeJson(this.call.response, 200, toChatCompletion(answer, this.identity), { 'x-nexus-cost-micro-usd': String(answer.usage?.costMicroUsd ?? 0n) });
  }

  onFailure(error: AppError): void {
    writeError(this.call.response, error);
  }

  onGone(cancel: () => void): void {
    const { response } = this.call;
    response.once('close', () => response.writableEnded || cancel());
  }
}

class StreamedCompletion implements CompletionReader {
  private readonly chunks: AgentChunks;
  private readonly stream: EventStream;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly call: CompletionCall,
    identity: CompletionIdentity,
  ) {
    this.chunks = new AgentChunks(identity, call.body.stream_options?.include_usage === true);
    this.stream = new EventStream(call.response, () => this.cancel?.());
  }

  onPart(part: Parameters<AgentChunks['add']>[0]): void {
    this.begin(); // the first part says that the run is accepted: from here on the stream reports
    this.send(this.chunks.add(part));
  }

  onAnswer(answer: ProcessedRequest): void {
    const rest = this.chunks.finish(answer);
    this.begin();
    this.send(rest);
    this.stream.end(DONE_EVENT);
  }

  onFailure(error: AppError): void {
    if (this.stream.hasBegun) this.stream.end(formatEvent({ data: JSON.stringify(toOpenAiError(error).body) }));
    else writeError(this.call.response, error);
  }

  onGone(cancel: () => void): void {
    this.cancel = cancel;
  }

  private begin(): void {
    if (this.stream.hasBegun) return;
    this.send([this.chunks.begin()]);
    this.stream.keepAlive(HEARTBEAT);
  }

  private send(chunks: readonly string[]): void {
    if (chunks.length > 0) this.stream.write(chunks.map((data) => formatEvent({ data })).join(''));
  }
}

/** Who asked for a model hears of a model, not of an agent. */
function inWordsOfModels(error: AppError): AppError {
  return error.status === 404 && error.param === 'agent' ? new AppError('model_not_found', error.message, { status: 404, param: 'model' }) : error;
}

/** The same for the same Idempotency-Key: the run is started once, and answered again. */
function messageIdOf({ request, key }: CompletionCall): string {
  const idempotencyKey = idempotencyKeyOf(request);
  return idempotencyKey === undefined ? newId() : deterministicId(key.tenantId, 'agent completion', idempotencyKey);
}

function attributesOf(answer: ProcessedRequest): Record<string, string | number> {
  const tokens = answer.usage?.tokens;
  return {
    [attributes.runId]: answer.runId,
    [attributes.conversationId]: answer.threadId,
    [attributes.costMicroUsd]: Number(answer.usage?.costMicroUsd ?? 0n),
    ...(tokens && { [attributes.inputTokens]: Number(tokens.input + tokens.cacheRead + tokens.cacheWrite), [attributes.outputTokens]: Number(tokens.output) }),
  };
}
