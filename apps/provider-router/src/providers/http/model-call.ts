import { failpoint } from '@nexus/core';
import type { Dispatcher } from 'undici';
import type { ProviderTarget } from '../../domain/provider-target.js';
import { ProviderError } from '../provider-error.js';
import type { CallTimings, Completed, ProviderOutcome, Usage } from '../provider-outcome.js';
import { parseRetryAfter } from '../retry-after.js';
import { estimateUsage } from './estimate-usage.js';
import { networkError } from './network-error.js';
import type { AnswerForm } from './answer-form.js';
import { StreamReader, type OnPart, type StreamEnd } from './read-stream.js';
import { responseError } from './response-error.js';
import { headerValue } from './response-headers.js';
import { textOfParts } from './text-of-parts.js';

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 256 * 1024;

type Answer = Pick<Completed, 'id' | 'model' | 'finishReason' | 'usage' | 'answer'>;

/**
 * One call, as undici tells of it. It settles once; what comes after that is ignored. The handler methods are those of undici's raw
 * interface, which decodes no headers and makes no objects of its own.
 */
export class ModelCall implements Dispatcher.DispatchHandler {
  private readonly startedAt = performance.now();
  private firstByteAt: number | undefined;
  private status = 0;
  private headers: readonly Buffer[] = [];
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private stream: StreamReader | undefined;
  private wasSent = false;
  private abort: ((error?: Error) => void) | undefined;
  private isSettled = false;

  constructor(
    private readonly target: ProviderTarget,
    private readonly form: AnswerForm,
    private readonly requestBody: Buffer,
    private readonly isStream: boolean,
    private readonly onPart: OnPart | undefined,
    private readonly onSettled: (outcome: ProviderOutcome) => void,
  ) {}

  /** Ends the call from outside: it is taken back if it still waits, and its connection is closed if it is under way. */
  cancel(reason: 'cancelled' | 'timeout'): void {
    if (this.isSettled) return;
    this.fail(new ProviderError(reason, reason === 'cancelled' ? 'the caller gave up' : 'took longer than a call may take', this.progress()));
  }

  onConnect(abort: (error?: Error) => void): void {
    // From here on the request is being written and may arrive.
    if (this.isSettled) return abort();
    this.abort = abort;
    this.wasSent = true;
  }

  onRequestSent(): void {
    failpoint('router.after-send');
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    if (status < 200) return true;
    this.status = status;
    this.headers = headers;
    this.firstByteAt = performance.now();
    if (this.isStream && status === 200 && headerValue(headers, 'content-type')?.includes('event-stream')) this.stream = new StreamReader(this.form.grow(), this.onPart);
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.isSettled) return true;
    if (this.stream) {
      const end = this.stream.feed(chunk);
      if (end) this.endStream(this.stream, end);
      return true;
    }
    this.size += chunk.length;
    if (this.size > MAX_BODY_BYTES) this.fail(this.badResponse('sent an answer that is too large'));
    else if (this.status === 200 || this.size <= MAX_ERROR_BYTES) this.chunks.push(chunk);
    return true;
  }

  onComplete(): void {
    if (this.isSettled) return;
    if (this.stream) return this.endStream(this.stream, this.stream.close());
    const body = this.chunks.length === 1 && this.chunks[0] ? this.chunks[0] : Buffer.concat(this.chunks);
    if (this.status === 200) this.endBody(body);
    else if (this.status >= 400) this.fail(this.spokenError(parseJson(body)));
    else this.fail(this.badResponse(`answered with status ${this.status}`));
  }

  onError(error: Error): void {
    if (!this.isSettled) this.fail(networkError(error, this.progress()));
  }

  private endStream({ answer, hasBegun }: StreamReader, end: StreamEnd): void {
    if (end.kind === 'spoken') return this.fail(this.spokenError(end.body));
    if (end.kind === 'unreadable') return this.fail(this.badResponse(end.message));
    if (!hasBegun) return this.fail(this.badResponse('sent a stream without an answer'));
    // Not every provider says [DONE], and not every one that does has said why the model stopped; a stream that just closed has to.
    if (end.kind === 'closed' && !answer.isFinished) return this.fail(new ProviderError('cut_stream', 'ended the stream before the answer was whole', this.progress()));
    this.complete(undefined, {
      id: answer.id,
      model: answer.model,
      finishReason: answer.finishReason,
      usage: answer.usage ?? estimateUsage(this.requestBody, answer.allText(), answer.pieces),
      answer: () => answer.answer(),
    });
  }

  private endBody(body: Buffer): void {
    const json = parseJson(body);
    const read = this.form.read(json);
    if (read.kind === 'error') return this.fail(this.spokenError(read.body));
    if (read.kind === 'garbage') return this.fail(this.badResponse('sent an answer that cannot be understood'));
    const { id, model, finishReason, answer } = read;
    this.complete(body, { id, model, finishReason, usage: read.usage ?? estimateUsage(this.requestBody, textOfParts(answer().parts), 1), answer });
  }

  private complete(body: Buffer | undefined, answer: Answer): void {
    this.isSettled = true;
    this.onSettled({
      kind: 'completed',
      status: this.status,
      body,
      ...answer,
      providerRequestId: this.requestId(),
      wasSent: true,
      timings: this.timings(),
    });
  }

  private fail(error: ProviderError): void {
    this.isSettled = true;
    this.onSettled({
      kind: 'failed',
      error,
      usage: error.charge === 'estimated' ? this.countedUsage() : undefined,
      partial: this.stream?.hasBegun ? this.stream.answer.answer().parts : undefined,
      providerRequestId: this.requestId(),
      wasSent: error.wasSent,
      timings: this.timings(),
    });
    this.abort?.();
  }

  /** What was told before the break is not the last word unless the model had stopped: what came of the answer may be more. */
  private countedUsage(): Usage {
    const answer = this.stream?.answer;
    if (!answer) return estimateUsage(this.requestBody, '', 0);
    if (!answer.usage) return estimateUsage(this.requestBody, answer.allText(), answer.pieces);
    if (answer.isFinished) return answer.usage;
    const counted = estimateUsage(this.requestBody, answer.allText(), answer.pieces);
    return { ...answer.usage, output: Math.max(answer.usage.output, counted.output), estimated: true };
  }

  private spokenError(body: unknown): ProviderError {
    const retryAfterMs = parseRetryAfter(headerValue(this.headers, 'retry-after-ms'), headerValue(this.headers, 'retry-after'), Date.now());
    return responseError({ provider: this.target.name, status: this.status, body, apiKey: this.target.apiKey, retryAfterMs, hasStarted: this.stream?.hasStarted ?? false });
  }

  private badResponse(message: string): ProviderError {
    return new ProviderError('bad_response', message, { ...this.progress(), upstreamStatus: this.status });
  }

  private progress(): { provider: string; wasSent: boolean; hasStarted: boolean } {
    return { provider: this.target.name, wasSent: this.wasSent, hasStarted: this.stream?.hasBegun ?? false };
  }

  private requestId(): string | undefined {
    return headerValue(this.headers, 'x-request-id') ?? headerValue(this.headers, 'request-id');
  }

  private timings(): CallTimings {
    return { firstByteMs: this.firstByteAt === undefined ? undefined : this.firstByteAt - this.startedAt, totalMs: performance.now() - this.startedAt };
  }
}

/** The JSON of a body, or its text when it is none. */
function parseJson(body: Buffer): unknown {
  const text = body.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
