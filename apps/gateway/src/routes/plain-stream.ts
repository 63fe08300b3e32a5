import { fromWireError, type Completion, type InferenceResponse } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { Span } from '@nexus/runtime';
import type { StreamTail } from '../domain/endpoints/model-endpoint.js';
import { nexusHeaders } from '../domain/nexus-headers.js';
import type { ModelCallListener } from '../handlers/model-calls.js';
import type { EventStream } from './event-stream.js';
import { describeSpend, emptyResponse } from './plain-answer.js';

/** How one stream is ended. */
export interface StreamEnd {
  readonly tail: StreamTail;
  /** What follows the last event. */
  readonly endOfStream: string;
  /** A whole answer as events; '' for what is no answer. */
  wholeAsEvents(json: string): string;
  /** Keeps the answer that the events told, before the stream ends; undefined where nothing is to be kept. */
  readonly remember: ((answer: unknown) => Promise<void>) | undefined;
  /** Answers with an error as long as nothing was sent. */
  refuse(error: AppError): void;
}

/** Writes the answer's events as they come. A failure before the first of them is an ordinary error, later one ends the stream explicitly. */
export class PlainStream implements ModelCallListener {
  constructor(
    private readonly stream: EventStream,
    private readonly span: Span,
    private readonly ending: StreamEnd,
  ) {}

  onEvents(events: Uint8Array): void {
    this.ending.tail.see?.(events);
    this.stream.write(events);
  }

  onEnd({ outcome, spend, routing }: InferenceResponse): void {
    if (this.span.isRecording) describeSpend(this.span, spend);
    if (outcome.case !== 'completion') {
      this.onFailure(outcome.case === 'error' ? fromWireError(outcome.value) : emptyResponse());
      return;
    }
    let events: string;
    try {
      events = this.eventsOf(outcome.value);
    } catch (error) {
      this.onFailure(AppError.from(error));
      return;
    }
    if (events === '' && !this.stream.hasBegun) {
      this.onFailure(emptyResponse());
      return;
    }
    this.span.end();
    const { tail, endOfStream, remember } = this.ending;
    const end = (): void => this.stream.end(events + endOfStream, nexusHeaders(routing, spend?.costMicroUsd));
    if (!remember) return end();
    if (events !== '') tail.see?.(events);
    void remember(tail.answer?.()).then(end);
  }

  /** A provider that does not stream gave its answer in one piece. */
  private eventsOf({ output }: Completion): string {
    return output.case === 'body' && output.value.length > 0 ? this.ending.wholeAsEvents(Buffer.from(output.value).toString('utf8')) : '';
  }

  onFailure(error: AppError): void {
    this.span.recordError(error);
    this.span.end();
    if (this.stream.hasBegun) this.stream.end(this.ending.tail.fail(error));
    else this.ending.refuse(error);
  }
}
