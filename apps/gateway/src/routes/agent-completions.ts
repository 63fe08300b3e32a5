import { create } from '@bufbuild/protobuf';
import { SenderSchema, type ProcessedRequest, type ProgressPart } from '@nexus/contracts';
import { AppError, deterministicId, failpoint, newId, type Clock } from '@nexus/core';
import { asKey, attributes, keyInFlight, type AgentCall, type AgentCalls } from '@nexus/runtime';
import { requireAnswer } from '../domain/agent-answer.js';
import type { AgentForm, AgentStream, AnswerIdentity, ModelEndpoint } from '../domain/endpoints/model-endpoint.js';
import { nexusHeaders } from '../domain/nexus-headers.js';
import { isOver } from '../domain/run-json.js';
import { HEARTBEAT } from '../domain/server-sent-event.js';
import { toUnixSeconds } from '../domain/unix-seconds.js';
import { RUN_QUEUES, type Admission } from '../handlers/admission.js';
import type { KeyedMessage, KeyedRuns, KnownRun } from '../handlers/keyed-runs.js';
import { EventStream } from './event-stream.js';
import { bodyHash, idempotencyKeyOf } from './idempotency-key.js';
import type { ModelCall } from './model-call.js';
import { publisherOf } from './publisher.js';
import { writeError, writeJson } from './write-error.js';

/** An endpoint where agents can be asked. */
export type AgentEndpoint<B> = ModelEndpoint<B> & { readonly agents: AgentForm<B> };

/** Answers of `agent/<name>`: a run with tools on the server, in the shape of the wire that was asked in. */
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
  async ask<B>(call: ModelCall<B>, endpoint: AgentEndpoint<B>, agent: string, bytes: Uint8Array): Promise<void> {
    const { body, asked, span, requestId } = call;
    const request = endpoint.agents.request(body, agent, call.deadlineMs);
    if (asked.user !== undefined) request.sender = create(SenderSchema, { id: asked.user });
    if (span.isRecording) span.setAttributes({ [attributes.agentName]: agent });
    const keyed = keyedMessage(call, endpoint, bytes);
    const known = keyed && (await this.findKnown(call, keyed));
    const identity = { id: keyed?.messageId ?? requestId, model: asked.model, created: toUnixSeconds(this.clock.now()) };
    if (known?.answer) return this.finish(Promise.resolve(known.answer), call, keyed, readerOf(call, endpoint, identity));
    this.admission.require(RUN_QUEUES);
    failpoint('gateway.before-publish');
    const reader = readerOf(call, endpoint, identity);
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

  private async findKnown(call: ModelCall, keyed: KeyedMessage): Promise<KnownRun | undefined> {
    const known = await this.keyedRuns.find(keyed, optionsOf(call));
    if (known && !isOver(known.run)) throw keyInFlight();
    return known;
  }

  private finish(answered: AgentCall['answer'], call: ModelCall, keyed: KeyedMessage | undefined, reader: CompletionReader): void {
    const { span } = call;
    answered
      .then(async (answer) => {
        if (span.isRecording) span.setAttributes(attributesOf(answer));
        requireAnswer(answer);
        // the same bytes for whoever asks again: not when it was answered, but when it was accepted
        const run = keyed && !call.asked.isStream ? (await this.keyedRuns.find(keyed, optionsOf(call)))?.run : undefined;
        await reader.onAnswer(answer, run && toUnixSeconds(run.createdAt));
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
  onPart?(part: ProgressPart): void;
  /** `created`: in Unix seconds, where it is not when the request came. */
  onAnswer(answer: ProcessedRequest, created?: number): Promise<void>;
  onFailure(error: AppError): void;
  /** Called once if the client leaves before the answer. */
  onGone(cancel: () => void): void;
}

class WholeCompletion<B> implements CompletionReader {
  constructor(
    private readonly call: ModelCall<B>,
    private readonly form: AgentForm<B>,
    private readonly identity: AnswerIdentity,
  ) {}

  async onAnswer(answer: ProcessedRequest, created = this.identity.created): Promise<void> {
    const body = this.form.whole(answer, { ...this.identity, created }, this.call.body);
    await this.call.remember?.(body);
    writeJson(this.call.response, 200, body, nexusHeaders(answer.usage?.routing, answer.usage?.costMicroUsd));
  }

  onFailure(error: AppError): void {
    writeError(this.call.request, this.call.response, error);
  }

  onGone(cancel: () => void): void {
    const { response } = this.call;
    response.once('close', () => response.writableEnded || cancel());
  }
}

class StreamedCompletion<B> implements CompletionReader {
  private readonly events: AgentStream;
  private readonly stream: EventStream;
  private cancel: (() => void) | undefined;

  constructor(
    private readonly call: ModelCall<B>,
    private readonly endpoint: AgentEndpoint<B>,
    identity: AnswerIdentity,
  ) {
    this.events = endpoint.agents.stream(identity, call.body);
    this.stream = new EventStream(call.response, () => this.cancel?.());
  }

  onPart(part: ProgressPart): void {
    this.begin(); // the first part says that the run is accepted: from here on the stream reports
    try {
      this.send(this.events.add(part));
    } catch (error) {
      this.onFailure(AppError.from(error)); // whatever follows goes nowhere
    }
  }

  async onAnswer(answer: ProcessedRequest): Promise<void> {
    const rest = this.events.finish(answer);
    this.events.see?.(rest);
    await this.call.remember?.(this.events.answer?.());
    this.stream.end(rest + this.endpoint.endOfStream, nexusHeaders(answer.usage?.routing, answer.usage?.costMicroUsd));
  }

  onFailure(error: AppError): void {
    if (this.stream.hasBegun) this.stream.end(this.events.fail(error));
    else writeError(this.call.request, this.call.response, error);
  }

  onGone(cancel: () => void): void {
    this.cancel = cancel;
  }

  private begin(): void {
    if (this.stream.hasBegun) return;
    this.stream.begin();
    this.send(this.events.begin());
    this.stream.keepAlive(HEARTBEAT);
  }

  private send(events: string): void {
    if (events === '') return;
    this.events.see?.(events);
    this.stream.write(events);
  }
}

/** Who asked for a model hears of a model, not of an agent. */
function inWordsOfModels(error: AppError): AppError {
  return error.status === 404 && error.param === 'agent' ? new AppError('model_not_found', error.message, { status: 404, param: 'model' }) : error;
}

/** The same for the same Idempotency-Key: the run is started once. */
function keyedMessage({ request, key }: ModelCall, { keyScope }: Pick<ModelEndpoint, 'keyScope'>, bytes: Uint8Array): KeyedMessage | undefined {
  const idempotencyKey = idempotencyKeyOf(request);
  return idempotencyKey === undefined ? undefined : { messageId: deterministicId(key.tenantId, `agent ${keyScope}`, idempotencyKey), requestHash: bodyHash(bytes) };
}

function readerOf<B>(call: ModelCall<B>, endpoint: AgentEndpoint<B>, identity: AnswerIdentity): CompletionReader {
  return call.asked.isStream ? new StreamedCompletion(call, endpoint, identity) : new WholeCompletion(call, endpoint.agents, identity);
}

function optionsOf({ key, span, requestId }: ModelCall): ReturnType<typeof asKey> {
  return asKey(key.tenantId, key.key, span.trace, { requestId });
}

function attributesOf(answer: ProcessedRequest): Record<string, string | number> {
  const tokens = answer.usage?.tokens;
  return {
    [attributes.runId]: answer.runId,
    [attributes.conversationId]: answer.threadId,
    [attributes.costMicroUsd]: Number(answer.usage?.costMicroUsd ?? 0n),
    ...(tokens && { [attributes.inputTokens]: Number(tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.cacheWrite1h), [attributes.outputTokens]: Number(tokens.output) }),
  };
}
