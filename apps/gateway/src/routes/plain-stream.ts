import { fromWireError, type InferenceResponse } from '@nexus/contracts';
import type { AppError } from '@nexus/core';
import type { Span } from '@nexus/runtime';
import { completionAsChunks } from '../domain/completion-as-chunks.js';
import { toOpenAiError } from '../domain/openai-error.js';
import { DONE_EVENT, formatEvent } from '../domain/server-sent-event.js';
import type { ModelCallListener } from '../handlers/model-calls.js';
import type { EventStream } from './event-stream.js';
import { describeSpend, emptyResponse } from './plain-answer.js';

/** Writes the provider's events as they come. A failure before the first of them is an ordinary error, later one ends the stream explicitly. */
export class PlainStream implements ModelCallListener {
  constructor(
    private readonly stream: EventStream,
    private readonly span: Span,
    private readonly includeUsage: boolean,
    /** Answers with an error as long as nothing was sent. */
    private readonly refuse: (error: AppError) => void,
  ) {}

  onEvents(events: Uint8Array): void {
    this.stream.write(events);
  }

  onEnd({ outcome, spend }: InferenceResponse): void {
    if (this.span.isRecording) describeSpend(this.span, spend);
    if (outcome.case !== 'completion') {
      this.onFailure(outcome.case === 'error' ? fromWireError(outcome.value) : emptyResponse());
      return;
    }
    const { output } = outcome.value;
    const isWhole = output.case === 'body' && output.value.length > 0;
    if (!isWhole && !this.stream.hasBegun) {
      this.onFailure(emptyResponse());
      return;
    }
    this.span.end();
    // a provider that does not stream gave its answer in one piece
    const events = isWhole ? completionAsChunks(Buffer.from(output.value).toString('utf8'), this.includeUsage).map((data) => formatEvent({ data })) : [];
    this.stream.end(events.join('') + DONE_EVENT);
  }

  onFailure(error: AppError): void {
    this.span.recordError(error);
    this.span.end();
    if (this.stream.hasBegun) this.stream.end(formatEvent({ data: JSON.stringify(toOpenAiError(error).body) }));
    else this.refuse(error);
  }
}
