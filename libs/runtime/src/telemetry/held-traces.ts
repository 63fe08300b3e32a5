interface HeldTrace {
  readonly since: number;
  /** One of its spans failed: what it held has been exported, and so is what still ends. */
  hasFailed: boolean;
  /** What exports each of its spans. */
  readonly spans: (() => void)[];
}

const HELD_FOR_MS = 60_000;
const MOST_TRACES = 1_000;
const MOST_SPANS_OF_A_TRACE = 64;

/**
 * Spans of traces that were not sampled, for a minute: when one of a trace fails, all of it that ended in this process is exported, and
 * what still ends in that minute. Of more than 1,000 such traces at once the oldest are forgotten, and of a trace what comes after 64 spans.
 */
export class HeldTraces {
  /** In the order in which they began. */
  private readonly traces = new Map<string, HeldTrace>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** A span of this trace has ended, well or not; `give` exports it. */
  ended(traceId: string, hasFailed: boolean, give: () => void): void {
    const trace = this.traceOf(traceId);
    if (hasFailed) trace.hasFailed = true;
    if (trace.hasFailed) {
      for (const held of trace.spans.splice(0)) held();
      give();
    } else if (trace.spans.length < MOST_SPANS_OF_A_TRACE) trace.spans.push(give);
  }

  private traceOf(traceId: string): HeldTrace {
    const known = this.traces.get(traceId);
    if (known !== undefined) return known;
    const now = this.now();
    for (const [id, { since }] of this.traces) {
      if (this.traces.size < MOST_TRACES && now - since < HELD_FOR_MS) break;
      this.traces.delete(id);
    }
    const trace: HeldTrace = { since: now, hasFailed: false, spans: [] };
    this.traces.set(traceId, trace);
    return trace;
  }
}
