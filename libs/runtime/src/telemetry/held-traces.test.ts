import { SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace';
import { beforeEach, expect, it } from 'vitest';
import { HeldTraces } from './held-traces.js';

let now = 0;
let exported: ReadableSpan[] = [];
let held: HeldTraces;
const exporter: SpanProcessor = { onStart: () => undefined, onEnd: (span) => void exported.push(span), forceFlush: async () => undefined, shutdown: async () => undefined };

beforeEach(() => {
  now = 0;
  exported = [];
  held = new HeldTraces(() => now);
});

function end(traceId: string, name: string, isFailed = false): void {
  const span = { name, status: { code: isFailed ? SpanStatusCode.ERROR : SpanStatusCode.UNSET }, spanContext: () => ({ traceId, spanId: '1', traceFlags: TraceFlags.NONE }) };
  held.ended(span as unknown as ReadableSpan, exporter);
}

const names = (): string[] => exported.map(({ name }) => name);

it('exports a trace as sampled once one of its spans fails, and what ends after that', () => {
  end('a', 'one');
  end('b', 'other');
  end('a', 'two', true);
  end('a', 'three');
  expect(names()).toEqual(['one', 'two', 'three']);
  expect(exported.map((span) => span.spanContext().traceFlags)).toEqual([1, 1, 1]);
});

it('forgets after a minute', () => {
  end('a', 'early');
  now = 60_001;
  end('b', 'other');
  end('a', 'late', true);
  expect(names()).toEqual(['late']);
});

it('holds a bounded number of traces, and of spans of each', () => {
  for (let i = 0; i < 1_001; i++) end(`t${i}`, `first of ${i}`);
  end('t0', 'failed', true);
  expect(names()).toEqual(['failed']);
  for (let i = 0; i < 100; i++) end('long', `span ${i}`);
  end('long', 'failed too', true);
  expect(exported).toHaveLength(1 + 64 + 1);
});
