import { create } from '@bufbuild/protobuf';
import { outgoing, type OutgoingMessage } from '@nexus/channels';
import { InferenceResponseSchema } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { AnsweredCalls } from './answered-calls.js';

const answer = (bytes: number): OutgoingMessage[] => [
  outgoing({
    channel: 'inference.response', id: 'x', tenantId: 't',
    payload: create(InferenceResponseSchema, { outcome: { case: 'completion', value: { output: { case: 'body', value: new Uint8Array(bytes) } } } }),
  }),
];

describe('AnsweredCalls', () => {
  it('knows what it was told, by tenant and attempt, until its time is over', () => {
    let now = 0;
    const calls = new AnsweredCalls({ now: () => now }, { bytes: 1_000_000, keepMs: 600 });
    const messages = answer(1);
    calls.remember('t', 'a', messages);
    expect([calls.find('t', 'a'), calls.find('other', 'a'), calls.find('t', 'b')]).toEqual([messages, undefined, undefined]);
    now = 600;
    expect(calls.find('t', 'a')).toBeUndefined();
  });

  it('gives what was published for one request under a key to no other', () => {
    const calls = new AnsweredCalls({ now: () => 0 }, { bytes: 1_000_000, keepMs: 600 });
    const messages = answer(1);
    calls.remember('t', 'a', messages, 'hash-1');
    expect([calls.find('t', 'a', 'hash-1'), calls.find('t', 'a', 'hash-2'), calls.find('t', 'a', ''), calls.find('t', 'a')]).toEqual([messages, undefined, undefined, messages]);
  });

  it('forgets the oldest when its memory is full, and does not count what was told twice', () => {
    const calls = new AnsweredCalls({ now: () => 0 }, { bytes: 30_000, keepMs: 600 });
    for (const id of ['a', 'b', 'b', 'b', 'c']) calls.remember('t', id, answer(8_000));
    expect(['a', 'b', 'c'].map((id) => calls.find('t', id) !== undefined)).toEqual([true, true, true]);
    calls.remember('t', 'd', answer(8_000));
    expect(['a', 'b', 'c', 'd'].map((id) => calls.find('t', id) !== undefined)).toEqual([false, true, true, true]);
    calls.remember('t', 'huge', answer(31_000));
    expect(['d', 'huge'].map((id) => calls.find('t', id))).toEqual([undefined, undefined]);
  });
});
