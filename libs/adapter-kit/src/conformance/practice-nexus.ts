import { setTimeout as delay } from 'node:timers/promises';
import { create } from '@bufbuild/protobuf';
import { AttachmentSchema, ErrorSchema, Outcome, ProcessedRequestSchema, type IncomingRequest, type ProcessedRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { AdapterMessage, AdapterTransport, FetchedFile, KeptFile, LivePart, TransportListener } from '../transport/adapter-transport.js';

/** What the practice NEXUS answers. */
export interface PracticeReply {
  readonly text: string;
  /** The text as it is streamed; default: all at once at the end. */
  readonly parts?: readonly string[];
  /** Before each part, and before the answer; default 1. */
  readonly delayMs?: number;
  /** Uris of files that it kept. */
  readonly files?: readonly string[];
  /** Instead of an answer: a refusal with this code. */
  readonly refusal?: { readonly code: string; readonly isRetryable: boolean; readonly retryAfterMs?: number };
}

interface Run {
  readonly message: AdapterMessage;
  answer: ProcessedRequest | undefined;
}

/**
 * A stand-in for NEXUS inside the process, for trying adapters without one: a message id starts one run, the runs of a place come one after the
 * other, the same id again gets the same answer, and an answer that was not taken comes again.
 */
export class PracticeNexus {
  /** What was asked and not refused, each message once, in the order in which it was confirmed. */
  readonly asked: IncomingRequest[] = [];
  readonly files = new Map<string, FetchedFile>();
  private readonly runs = new Map<string, Run>();
  private readonly threads = new Map<string, Promise<void>>();
  private readonly untaken = new Set<string>();
  private listener: TransportListener | undefined;

  /** `reply` says what is answered; a refusal that is retryable is asked about anew when the message comes again. */
  constructor(private readonly reply: (request: IncomingRequest) => PracticeReply) {}

  /** The way to it, for one adapter at a time. */
  transport(): AdapterTransport {
    let own: TransportListener | undefined;
    return {
      isConnected: true,
      start: async (listener) => {
        this.listener = own = listener;
        for (const id of [...this.untaken]) this.hand(id);
      },
      send: async (message) => this.take(message),
      putFile: async (id, name, content) => this.keep(id, name, content),
      getFile: async (uri) => this.files.get(uri) ?? Promise.reject(new AppError('file_not_found', 'There is no such file, or not any more.', { status: 404 })),
      stop: async () => {
        if (this.listener === own) this.listener = undefined;
      },
    };
  }

  keep(id: string, name: string, content: Uint8Array, mediaType = 'application/octet-stream'): KeptFile {
    const uri = `nexus:file/${id}`;
    this.files.set(uri, { name, mediaType, content });
    return { uri, mediaType };
  }

  private take(message: AdapterMessage): void {
    const known = this.runs.get(message.id);
    if (known?.answer !== undefined) return this.hand(message.id);
    if (known !== undefined) return this.tell(message.id, { kind: 'accepted', queuedBehind: 0 });
    const run: Run = { message, answer: undefined };
    const reply = this.reply(message.request);
    if (reply.refusal !== undefined) return this.refuse(message, reply.text, reply.refusal);
    this.runs.set(message.id, run);
    this.asked.push(message.request);
    this.tell(message.id, { kind: 'accepted', queuedBehind: 0 });
    if (message.request.command !== undefined) return void this.work(run, reply);
    const thread = `${message.request.chatId} ${message.request.topicId}`;
    this.threads.set(thread, (this.threads.get(thread) ?? Promise.resolve()).then(() => this.work(run, reply)));
  }

  private async work(run: Run, { text, parts = [], delayMs = 1, files = [] }: PracticeReply): Promise<void> {
    const { id, request } = run.message;
    for (const part of parts) {
      await delay(delayMs);
      this.tell(id, { kind: 'text', epoch: 1, step: 1, text: part });
    }
    await delay(delayMs);
    const { surface, chatId, topicId } = request;
    run.answer = create(ProcessedRequestSchema, { messageId: id, runId: `run of ${id}`, surface, chatId, topicId, outcome: Outcome.ANSWERED, text, files: files.map((uri) => this.attachment(uri)) });
    this.hand(id);
  }

  /** What is wrong for good stays refused; what is not begins anew when it comes again. */
  private refuse(message: AdapterMessage, text: string, { code, isRetryable, retryAfterMs = 0 }: NonNullable<PracticeReply['refusal']>): void {
    const { surface, chatId, topicId } = message.request;
    const error = create(ErrorSchema, { code, isRetryable, message: text, status: isRetryable ? 429 : 403, retryAfterMs: BigInt(retryAfterMs) });
    this.runs.set(message.id, { message, answer: create(ProcessedRequestSchema, { messageId: message.id, surface, chatId, topicId, outcome: Outcome.REFUSED, error }) });
    this.hand(message.id);
    if (isRetryable) this.runs.delete(message.id);
  }

  private attachment(uri: string) {
    const { name, mediaType, content } = this.files.get(uri) ?? { name: 'file', mediaType: 'application/octet-stream', content: new Uint8Array() };
    return create(AttachmentSchema, { uri, name, mediaType, bytes: BigInt(content.length) });
  }

  private tell(id: string, part: LivePart): void {
    const { listener } = this;
    setImmediate(() => listener?.onPart(id, part));
  }

  /** Hands an answer over; it counts as taken when the adapter says so. */
  private hand(id: string): void {
    const answer = this.runs.get(id)?.answer;
    if (answer === undefined) return;
    this.untaken.add(id);
    const { listener } = this;
    setImmediate(() => {
      listener?.onAnswer(answer, new AbortController().signal).then(() => this.untaken.delete(id), () => undefined); // then it comes again
    });
  }
}
