import { TraceFlags, type Context } from '@opentelemetry/api';
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace';
import type { HeldTraces } from './held-traces.js';

/** Gives on what is sampled, and holds the rest until it is known whether its trace fails. */
export class ErrorKeepingProcessor implements SpanProcessor {
  constructor(
    private readonly next: SpanProcessor,
    private readonly held: HeldTraces,
  ) {}

  onStart(span: Span, parent: Context): void {
    this.next.onStart(span, parent);
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0) this.next.onEnd(span);
    else this.held.ended(span, this.next);
  }

  forceFlush(): Promise<void> {
    return this.next.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.next.shutdown();
  }
}
