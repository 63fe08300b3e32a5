import { beforeEach, expect, it } from 'vitest';
import { HeldTraces } from './held-traces.js';

let now = 0;
let exported: string[] = [];
let held: HeldTraces;
const end = (traceId: string, name: string, hasFailed = false): void => held.ended(traceId, hasFailed, () => void exported.push(name));

beforeEach(() => {
  now = 0;
  exported = [];
  held = new HeldTraces(() => now);
});

it('exports a trace once one of its spans fails, and what ends after that', () => {
  end('a', 'one');
  end('b', 'other');
  end('a', 'two', true);
  end('a', 'three');
  expect(exported).toEqual(['one', 'two', 'three']);
});

it('forgets after a minute', () => {
  end('a', 'early');
  now = 60_001;
  end('b', 'other');
  end('a', 'late', true);
  expect(exported).toEqual(['late']);
});

it('holds a bounded number of traces, and of spans of each', () => {
  for (let i = 0; i < 1_001; i++) end(`t${i}`, `first of ${i}`);
  end('t0', 'failed', true);
  expect(exported).toEqual(['failed']);
  for (let i = 0; i < 100; i++) end('long', `span ${i}`);
  end('long', 'failed too', true);
  expect(exported).toHaveLength(1 + 64 + 1);
});
