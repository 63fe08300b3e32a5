import type { TraceContext } from '@nexus/core';
import { attributes as names } from './attributes.js';
import { errorTypeOf } from './error-type.js';
import type { AttributeValue, Attributes, Span, SpanOptions } from './tracing.js';

/** Unix milliseconds with their fraction. */
const nowMs = (): number => performance.timeOrigin + performance.now();

/**
 * A span of a trace that was not sampled: it notes what happens and is no span of the SDK, which costs several times as much, until somebody
 * wants to export it.
 */
export class HeldSpan implements Span {
  readonly isRecording = true;
  readonly startedAt: number;
  readonly attributes: Record<string, AttributeValue | undefined>;
  hasFailed = false;
  /** Unix milliseconds; 0 while it is under way. */
  endedAt = 0;

  constructor(
    readonly name: string,
    readonly options: SpanOptions,
    readonly trace: TraceContext,
    private readonly onEnd: (span: HeldSpan) => void,
  ) {
    this.startedAt = options.startedAt ?? nowMs();
    this.attributes = { ...options.attributes };
  }

  setAttributes(attributes: Attributes): void {
    Object.assign(this.attributes, attributes);
  }

  recordError(error: unknown): void {
    this.attributes[names.errorType] = errorTypeOf(error);
    this.hasFailed = true;
  }

  end(): void {
    if (this.endedAt !== 0) return;
    this.endedAt = nowMs();
    this.onEnd(this);
  }
}
