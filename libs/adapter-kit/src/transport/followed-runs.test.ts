import { create } from '@bufbuild/protobuf';
import { AcceptedSchema, ProgressPartSchema, ToolStartedSchema, type ProgressPart } from '@nexus/contracts';
import { beforeEach, expect, it } from 'vitest';
import type { LivePart } from './adapter-transport.js';
import { FollowedRuns } from './followed-runs.js';

let runs: FollowedRuns;
let told: LivePart[];

function take(part: ProgressPart['part'], more: { readonly seq?: number; readonly step?: number; readonly epoch?: number; readonly messageId?: string; readonly runId?: string } = {}): void {
  const { seq = 0, step = 1, epoch = 1, messageId = '', runId = 'r' } = more;
  told.push(...runs.take(create(ProgressPartSchema, { runId, messageId, epoch: BigInt(epoch), seq: BigInt(seq), step, part })).map((one) => one.part));
}
const accept = (messageId = 'm', runId = 'r'): void => take({ case: 'accepted', value: create(AcceptedSchema, { queuedBehind: 2 }) }, { seq: 1, step: 0, messageId, runId });
const text = (value: string, more: Parameters<typeof take>[1] = {}): void => take({ case: 'textDelta', value }, more);
const texts = (): string => told.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('|');

beforeEach(() => {
  runs = new FollowedRuns();
  runs.ask('m');
  told = [];
});

it('tells the parts of runs that were asked for, and of no others', () => {
  text('too early');
  accept('other', 's');
  text('not mine', { runId: 's' });
  accept();
  text('a');
  text('b', { seq: 1 });
  take({ case: 'toolStarted', value: create(ToolStartedSchema, { call: { name: 'math' } }) }, { seq: 2 });
  expect(told).toEqual([
    { kind: 'accepted', queuedBehind: 2 }, { kind: 'text', epoch: 1, step: 1, text: 'a' }, { kind: 'text', epoch: 1, step: 1, text: 'b' }, { kind: 'tool', name: 'math', step: 1 },
  ]);
});

it('tells nothing behind a hole, until the next step begins', () => {
  accept();
  text('a');
  text('c', { seq: 2 });
  text('d', { seq: 3 });
  text('x', { step: 2 });
  text('y', { step: 2, seq: 1 });
  expect(texts()).toBe('a|x|y');
});

it('tells nothing of a step of which it missed the beginning, and counts thoughts', () => {
  accept();
  text('late', { seq: 4 });
  take({ case: 'reasoningDelta', value: 'hm' }, { step: 2 });
  text('x', { step: 2, seq: 1 });
  expect(texts()).toBe('x');
});

it('says that earlier text is void when the model is asked anew, and drops what comes late of before', () => {
  accept();
  text('old');
  text('new', { epoch: 2 });
  text('older', { epoch: 1, seq: 1 });
  expect(told.slice(1)).toEqual([{ kind: 'text', epoch: 1, step: 1, text: 'old' }, { kind: 'reset', epoch: 2 }, { kind: 'text', epoch: 2, step: 1, text: 'new' }]);
});

it('passes over the same part twice', () => {
  accept();
  text('a');
  text('a');
  text('b', { seq: 1 });
  expect(texts()).toBe('a|b');
});
