import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProcessedRequest } from '@nexus/contracts';
import { AppError, deterministicId, failpoint, newId, type Clock } from '@nexus/core';
import { asKey, attributes, keyInFlight, type AgentCall, type AgentCalls, type ResolvedKey, type Span } from '@nexus/runtime';
import { requireAnswer, toChatCompletion, type CompletionIdentity } from '../domain/agent-answer.js';
import { AgentChunks } from '../domain/agent-chunks.js';
import { toAgentRequest } from '../domain/agent-request.js';
import type { ChatBody } from '../domain/chat-body.js';
import { isOver } from '../domain/run-json.js';
import { toOpenAiError } from '../domain/openai-error.js';
import { DONE_EVENT, HEARTBEAT, formatEvent } from '../domain/server-sent-event.js';
import { toUnixSeconds } from '../domain/unix-seconds.js';
import { RUN_QUEUES, type Admission } from '../handlers/admission.js';
import type { KeyedMessage, KeyedRuns, KnownRun } from '../handlers/keyed-runs.js';
import { EventStream } from './event-stream.js';
import { bodyHash, idempotencyKeyOf } from './idempotency-key.js';
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
    private readonly keyedRuns: KeyedRuns,
    private readonly clock: Clock,
  ) {}

  /**
   * Rejects with an AppError for a body that an agent cannot take, for an Idempotency-Key under which something else was asked (422) or
   * whose run is under way (409), and while too many messages to agents wait; everything later is answered here.
   */
  async ask(call: CompletionCall, agent: string, bytes: Uint8Array): Promise<void> {
    const { body, span, requestId } = call;
    const request = toAgentRequest(body, agent, call.deadlineMs);
    if (span.isRecording) span.setAttributes({ [attributes.agentName]: agent });
    const keyed = keyedMessage(call, bytes);
    const known = keyed && (await this.findKnown(call, keyed));
    const identity = { id: `chatcmpl-${keyed?.messageId ?? requestId}`, model: body.model, created: toUnixSeconds(this.clock.now()) };
    if (known?.answer) return this.finish(Promise.resolve(known.answer), call, keyed, readerOf(call, identity));
    this.admission.require(RUN_QUEUES);
    failpoint('gateway.before-publish');
    const reader = readerOf(call, identity);
    const abort = new AbortController();
    this.admission.publishing(RUN_QUEUES);
    const agentCall = this.agentCalls.ask(request, {
      publisher: publisherOf(call.key),
      messageId: keyed?.messageId ?? newId(),
      isRepeatable: keyed !== undefined,
      requestHash: keyed?.requestHash,
      correlationId: requestId,
      trace: span.trace,
      onProgress: ({ payload }) => reader.onPart?.(payload),
      signal: abort.signal,
    });
    reader.onGone(() => (keyed ? agentCall.forget() : abort.abort())); // an answer that can be asked for again is still wanted
    this.finish(agentCall.answer, call, keyed, reader);
  }

  private async findKnown(call: CompletionCall, keyed: KeyedMessage): Promise<KnownRun | undefined> {
    const known = await this.keyedRuns.find(keyed, optionsOf(call));
    if (known && !isOver(known.run)) throw keyInFlight();
    return known;
  }

  private finish(answered: AgentCall['answer'], call: CompletionCall, keyed: KeyedMessage | undefined, reader: CompletionReader): void {
    const { span } = call;
    answered
      .then(async (answer) => {
        if (span.isRecording) span.setAttributes(attributesOf(answer));
        requireAnswer(answer);
        // the same bytes for whoever asks again: not when it was answered, but when it was accepted
        const run = keyed && !call.body.stream ? (await this.keyedRuns.find(keyed, optionsOf(call)))?.run : undefined;
        reader.onAnswer(answer, run && toUnixSeconds(run.createdAt));
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
  /** `created`: in Unix seconds, where it is not when the request came. */
  onAnswer(answer: ProcessedRequest, created?: number): void;
  onFailure(error: AppError): void;
  /** Called once if the client leaves before the answer. */
  onGone(cancel: () => void): void;
}

class WholeCompletion implements CompletionReader {
  constructor(
    private readonly call: CompletionCall,
    private readonly identity: CompletionIdentity,
  ) {}

  onAnswer(answer: ProcessedRequest, created = this.identity.created): void {
    writeJson(this.call.response, 200, toChatCompletion(answer, { ...this.identity, created }), { 'x-nexus-cost-micro-usd': String(answer.usage?.costMicroUsd ?? 0n) });
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
    try {
      this.send(this.chunks.add(part));
    } catch (error) {
      this.onFailure(AppError.from(error)); // whatever follows goes nowhere
    }
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

/** The same for the same Idempotency-Key: the run is started once. */
function keyedMessage({ request, key }: CompletionCall, bytes: Uint8Array): KeyedMessage | undefined {
  const idempotencyKey = idempotencyKeyOf(request);
  return idempotencyKey === undefined ? undefined : { messageId: deterministicId(key.tenantId, 'agent completion', idempotencyKey), requestHash: bodyHash(bytes) };
}

function readerOf(call: CompletionCall, identity: CompletionIdentity): CompletionReader {
  return call.body.stream ? new StreamedCompletion(call, identity) : new WholeCompletion(call, identity);
}

function optionsOf({ key, span, requestId }: CompletionCall): ReturnType<typeof asKey> {
  return asKey(key.tenantId, key.key, span.trace, { requestId });
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
