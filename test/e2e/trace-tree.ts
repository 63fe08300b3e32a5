import type { ReceivedSpan } from '@nexus/testing';

/** The spans of one trace, as somebody reads them who knows nothing of NEXUS. */
export class TraceTree {
  private readonly byId: ReadonlyMap<string, ReceivedSpan>;

  constructor(readonly spans: readonly ReceivedSpan[]) {
    this.byId = new Map(spans.map((span) => [span.spanId, span]));
  }

  /** Those that hang on nothing: `service name` of each. `known` are spans that others made. */
  roots(...known: readonly string[]): readonly string[] {
    return this.spans.filter(({ parentSpanId }) => parentSpanId === undefined || (!this.byId.has(parentSpanId) && !known.includes(parentSpanId))).map(nameOf);
  }

  /** Spans with this value of an attribute. */
  with(attribute: string, value: string): readonly ReceivedSpan[] {
    return this.spans.filter((span) => span.attributes[attribute] === value);
  }

  /** The way from a span up to its root, `service name` of each, itself first. */
  wayUp(span: ReceivedSpan): readonly string[] {
    const parent = span.parentSpanId === undefined ? undefined : this.byId.get(span.parentSpanId);
    return [nameOf(span), ...(parent === undefined ? [] : this.wayUp(parent))];
  }
}

const nameOf = ({ serviceName, name }: ReceivedSpan): string => `${serviceName} ${name}`;
