import { create } from '@bufbuild/protobuf';
import { memoryBus, outgoing, type ChannelBus, type Message } from '@nexus/channels';
import { InferenceRequestSchema, InferenceResponseSchema, ProgressPartSchema, type InferenceResponse } from '@nexus/contracts';
import { AppError, newTrace, systemClock } from '@nexus/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ModelCalls, type ModelCallListener } from './model-calls.js';

const details = { tenantId: '00000000-0000-7000-8000-0000000000aa', isRepeatable: false, correlationId: 'request-1', trace: newTrace() };

/** Remembers what it is told, in order. */
class Ear implements ModelCallListener {
  readonly heard: string[] = [];
  onEvents(events: Uint8Array): void {
    this.heard.push(Buffer.from(events).toString());
  }
  onEnd({ attemptId }: InferenceResponse): void {
    this.heard.push(`end ${attemptId}`);
  }
  onFailure({ code, isRetryable }: AppError): void {
    this.heard.push(isRetryable ? `${code}, retry` : code);
  }
}

let bus: ChannelBus;
let calls: ModelCalls;
let cancelled: Message<'inference.cancel'>[];
let now: { at: number };

beforeEach(async () => {
  bus = memoryBus();
  cancelled = [];
  now = { at: systemClock.now() };
  calls = new ModelCalls({ bus, replyTo: 'gateway.one', clock: { now: () => now.at }, busLostMs: 500 });
  await Promise.all([calls.ready, bus.follow('inference.cancel', (batch) => void cancelled.push(...batch)).ready]);
});
afterEach(async () => {
  await calls.stop();
  await bus.close();
});

function ask(attemptId: string, ear: Ear): () => void {
  return calls.start(create(InferenceRequestSchema, { attemptId, deadlineMs: BigInt(now.at + 60_000) }), ear, details);
}
const end = (attemptId: string, parts = 0) =>
  bus.publish(outgoing({ channel: 'inference.response', id: `${attemptId} response`, to: 'gateway.one', payload: create(InferenceResponseSchema, { attemptId, parts: BigInt(parts) }) }));
const part = (attemptId: string, seq: number) =>
  bus.publish(outgoing({ channel: 'requests.progress', id: `${attemptId} ${seq}`, to: 'gateway.one', payload: create(ProgressPartSchema, { messageId: attemptId, seq: BigInt(seq), part: { case: 'events', value: Buffer.from(`part ${seq}`) } }) }));

describe('ModelCalls', () => {
  it('gives each answer to the one who waits for it', async () => {
    const [one, two] = [new Ear(), new Ear()];
    ask('one', one);
    ask('two', two);
    await end('two');
    await end('nobody');
    await end('one');
    await expect.poll(() => [one.heard, two.heard]).toEqual([['end one'], ['end two']]);
  });

  it('ends a stream only after all of its parts, though the answer may come first', async () => {
    const ear = new Ear();
    ask('one', ear);
    await end('one', 2);
    await part('one', 0);
    await part('one', 1);
    await expect.poll(() => ear.heard).toEqual(['part 0', 'part 1', 'end one']);
  });

  it('passes a repeated part on once', async () => {
    const ear = new Ear();
    ask('one', ear);
    for (const seq of [0, 0, 1]) await part('one', seq);
    await end('one', 2);
    await expect.poll(() => ear.heard).toEqual(['part 0', 'part 1', 'end one']);
  });

  it('breaks a stream that has lost a part, and has the call stopped', async () => {
    const ear = new Ear();
    ask('one', ear);
    await part('one', 0);
    await part('one', 2);
    await end('one', 3);
    await expect.poll(() => ear.heard).toEqual(['part 0', 'stream_interrupted']);
    await expect.poll(() => cancelled.map(({ payload }) => payload.target.value)).toEqual(['one']);
  });

  it('does not wait for ever for a last part that is lost', async () => {
    const ear = new Ear();
    ask('one', ear);
    await end('one', 1);
    await expect.poll(() => (now.at += 500) && ear.heard).toEqual(['stream_interrupted']);
  });

  it('gives up at the deadline, and has the call stopped', async () => {
    const ear = new Ear();
    ask('one', ear);
    now.at += 60_001;
    await expect.poll(() => ear.heard).toEqual(['timeout']);
    await expect.poll(() => cancelled).toHaveLength(1);
  });

  it('refuses a second call of an attempt that is under way, and takes it when that is over', async () => {
    const [first, second, third] = [new Ear(), new Ear(), new Ear()];
    ask('one', first);
    expect(() => ask('one', second)).toThrow(expect.objectContaining({ code: 'in_progress', status: 409 }));
    await end('one');
    await expect.poll(() => first.heard).toEqual(['end one']);
    ask('one', third);
    expect(second.heard).toEqual([]);
  });

  it('says nothing more to one who cancelled, whose cancel stops no later call of the same attempt', async () => {
    const [first, second] = [new Ear(), new Ear()];
    const cancel = ask('one', first);
    cancel();
    ask('one', second);
    cancel();
    await end('one');
    await expect.poll(() => second.heard).toEqual(['end one']);
    expect(first.heard).toEqual([]);
    expect(cancelled).toHaveLength(1);
  });

  it('ends what waits when it stops', async () => {
    const ear = new Ear();
    ask('one', ear);
    await calls.stop();
    expect(ear.heard).toEqual(['stopping']);
  });
});

describe('ModelCalls without a bus', () => {
  const lost = new AppError('bus_unavailable', 'Away.', { status: 503, isRetryable: true });
  const followReplies: ChannelBus['followReplies'] = () => ({ ready: Promise.resolve(), stop: () => Promise.resolve() });

  it('fails a call that cannot be published', async () => {
    const without = new ModelCalls({ bus: { publish: () => Promise.reject(lost), followReplies, ping: () => Promise.reject(lost) }, replyTo: 'x', clock: systemClock, busLostMs: 10_000 });
    const ear = new Ear();
    without.start(create(InferenceRequestSchema, { attemptId: 'one', deadlineMs: BigInt(systemClock.now() + 60_000) }), ear, details);
    await expect.poll(() => ear.heard).toEqual(['bus_unavailable']);
    await without.stop();
  });

  it('tells to retry only who can name the attempt again, for the call may have been made', async () => {
    const without = new ModelCalls({ bus: { publish: () => Promise.reject(lost), followReplies, ping: () => Promise.reject(lost) }, replyTo: 'x', clock: systemClock, busLostMs: 10_000 });
    const ear = new Ear();
    without.start(create(InferenceRequestSchema, { attemptId: 'one', deadlineMs: BigInt(systemClock.now() + 60_000) }), ear, { ...details, isRepeatable: true });
    await expect.poll(() => ear.heard).toEqual(['bus_unavailable, retry']);
    await without.stop();
  });

  it('fails calls that wait while the bus gives no sign of life', async () => {
    const without = new ModelCalls({ bus: { publish: () => Promise.resolve(), followReplies, ping: () => Promise.reject(lost) }, replyTo: 'x', clock: systemClock, busLostMs: 500 });
    const ear = new Ear();
    without.start(create(InferenceRequestSchema, { attemptId: 'one', deadlineMs: BigInt(systemClock.now() + 60_000) }), ear, details);
    await expect.poll(() => ear.heard, { timeout: 5_000 }).toEqual(['bus_unavailable']);
    await without.stop();
  });
});
