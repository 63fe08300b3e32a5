import { describe, expect, it } from 'vitest';
import { formatTraceparent, newTrace, parseTraceparent } from './trace-context.js';

describe('traceparent', () => {
  it('is read as it was written', () => {
    const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true };
    expect(formatTraceparent(trace)).toBe('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
    expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
    expect(parseTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02')?.sampled).toBe(false);
  });

  it.each([undefined, '', '01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`])('is nothing when it is %s', (header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });

  it('is new each time', () => {
    const traces = Array.from({ length: 2_000 }, () => newTrace());
    expect(new Set(traces.map((trace) => trace.traceId)).size).toBe(2_000);
    for (const trace of traces) expect(parseTraceparent(formatTraceparent(trace))).toEqual(trace);
  });
});
