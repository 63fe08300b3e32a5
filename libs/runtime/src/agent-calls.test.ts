import { create } from '@bufbuild/protobuf';
import { memoryBus, outgoing, type ChannelBus, type Message, type Subscription } from '@nexus/channels';
import { IncomingRequestSchema, Outcome, ProcessedRequestSchema, Progress, ProgressPartSchema } from '@nexus/contracts';
import { systemClock } from '@nexus/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentCalls } from './agent-calls.js';
import { verifyPublisher } from './keys/publisher-signature.js';

const TOKEN = 'a-service-token-of-tests';
const TENANT = '00000000-0000-7000-8000-00000000000a';
const publisher = { tenantId: TENANT, keyId: 'key-1', client: 'acme', project: 'site' };

type Incoming = Message<'requests.incoming'>;

let bus: ChannelBus;
let calls: AgentCalls;
let orchestrator: Subscription;
let received: Incoming[];
let reply: (message: Incoming) => ReturnType<typeof outgoing>[];

beforeEach(() => {
  bus = memoryBus();
  received = [];
  reply = () => [];
  calls = new AgentCalls({ bus, serviceToken: TOKEN, replyTo: 'gateway.one', clock: systemClock, republishMs: 20, acceptWithinMs: 100 });
  orchestrator = bus.consumeBatches({ channel: 'requests.incoming', group: 'orchestrator', consumer: 'test', onDeadLetter: () => Promise.resolve([]) }, (batch) => {
    received.push(...batch);
    return Promise.resolve(batch.flatMap((message) => reply(message)));
  });
});
afterEach(async () => {
  await Promise.all([calls.stop(), orchestrator.stop()]);
  await bus.close();
});

const question = (progress: Progress) => create(IncomingRequestSchema, { text: 'how late is it?', surface: 'api', progress });

const accepted = (message: Incoming) =>
  outgoing({
    channel: 'requests.progress', id: `${message.id}-accepted`, tenantId: TENANT,
    payload: create(ProgressPartSchema, { runId: 'run-1', messageId: message.id, part: { case: 'accepted', value: { threadId: 'thread-1', queuedBehind: 2 } } }),
  });

/** As the router publishes them: they name the run, not the message. */
const delta = (text: string) =>
  outgoing({
    channel: 'requests.progress', id: `delta-${text}`, tenantId: TENANT,
    payload: create(ProgressPartSchema, { runId: 'run-1', part: { case: 'textDelta', value: text } }),
  });

const answer = (message: Incoming, outcome = Outcome.ANSWERED, run = { runId: 'run-1', threadId: 'thread-1' }) =>
  outgoing({
    channel: 'requests.processed', id: `${message.id}-answer`, tenantId: TENANT, to: message.replyTo,
    payload: create(ProcessedRequestSchema, {
      messageId: message.id, ...run, outcome, text: 'noon',
      ...(outcome === Outcome.REFUSED && { error: { code: 'budget_exceeded', message: 'Too dear.', status: 402 } }),
    }),
  });

describe('AgentCalls', () => {
  it('publishes in the name of the caller and brings back acceptance, parts and answer', async () => {
    reply = (message) => [accepted(message), answer(message)];
    const parts: string[] = [];
    const call = calls.ask(question(Progress.STEPS), { publisher, messageId: 'm-1', onProgress: ({ payload }) => parts.push(payload.part.case ?? '') });
    expect(await call.answer).toMatchObject({ text: 'noon', outcome: Outcome.ANSWERED });
    expect(await call.accepted).toMatchObject({ runId: 'run-1', threadId: 'thread-1' });
    expect(received[0]).toMatchObject({ id: 'm-1', replyTo: 'gateway.one', correlationId: 'm-1' });
    expect(verifyPublisher(TOKEN, received[0]?.metadata['authorization'] ?? '', 'm-1')).toEqual(publisher);
  });

  it('hears the live parts that it asked for', async () => {
    reply = (message) => [accepted(message), delta('no'), delta('on')];
    const parts: (string | undefined)[] = [];
    const call = calls.ask(question(Progress.PARTS), { publisher, messageId: 'm-1', onProgress: ({ payload }) => parts.push(payload.part.case === 'textDelta' ? payload.part.value : payload.part.case) });
    expect(await call.accepted).toEqual({ runId: 'run-1', threadId: 'thread-1', queuedBehind: 2 });
    await expect.poll(() => parts.slice(0, 3)).toEqual(['accepted', 'no', 'on']);
  });

  it('hears parts that the answer has overtaken', async () => {
    reply = (message) => [answer(message)];
    const parts: (string | undefined)[] = [];
    const call = calls.ask(question(Progress.PARTS), { publisher, messageId: 'm-1', onProgress: ({ payload }) => parts.push(payload.part.case) });
    await call.answer;
    for (const late of received.slice(0, 1).flatMap((message) => [accepted(message), delta('noon')])) await bus.publish(late);
    await expect.poll(() => parts).toEqual(['accepted', 'textDelta']);
  });

  it('rejects the acceptance with the refusal, and still gives the answer', async () => {
    reply = (message) => [answer(message, Outcome.REFUSED, { runId: '', threadId: '' })];
    const call = calls.ask(question(Progress.STEPS), { publisher, messageId: 'm-1' });
    await expect(call.accepted).rejects.toMatchObject({ code: 'budget_exceeded', status: 402 });
    expect((await call.answer).outcome).toBe(Outcome.REFUSED);
  });

  it('takes a run that was refused after its start was stored for accepted', async () => {
    reply = (message) => [answer(message, Outcome.REFUSED)];
    const call = calls.ask(question(Progress.STEPS), { publisher, messageId: 'm-1' });
    expect(await call.accepted).toMatchObject({ runId: 'run-1' });
    expect((await call.answer).outcome).toBe(Outcome.REFUSED);
  });

  it('publishes the same message again until it hears of it', async () => {
    reply = (message) => (received.length > 2 ? [answer(message)] : []);
    const call = calls.ask(question(Progress.NONE), { publisher, messageId: 'm-1' });
    expect((await call.answer).text).toBe('noon');
    expect(new Set(received.map(({ id }) => id))).toEqual(new Set(['m-1']));
    expect(received.length).toBeGreaterThan(2);
  });

  it('says that nothing confirmed the message in time', async () => {
    const call = calls.ask(question(Progress.STEPS), { publisher, messageId: 'm-1' });
    await expect(call.accepted).rejects.toMatchObject({ code: 'not_accepted_in_time', status: 503, isRetryable: false });
    const named = calls.ask(question(Progress.STEPS), { publisher, messageId: 'm-2', isRepeatable: true });
    await expect(named.accepted).rejects.toMatchObject({ code: 'not_accepted_in_time', isRetryable: true });
  });

  it('gives up what it could not hear the answer of, and never publishes it', async () => {
    const never = new Promise<never>(() => undefined);
    const deafBus = { ...bus, publish: bus.publish.bind(bus), followReplies: bus.followReplies.bind(bus), follow: () => ({ ready: never, stop: () => Promise.resolve() }) };
    const deaf = new AgentCalls({ bus: deafBus, serviceToken: TOKEN, replyTo: 'gateway.two', clock: systemClock, listenWithinMs: 50 });
    const call = deaf.ask(question(Progress.PARTS), { publisher, messageId: 'm-1' });
    await expect(call.answer).rejects.toMatchObject({ code: 'bus_unavailable', status: 503, isRetryable: true });
    await expect(call.accepted).rejects.toMatchObject({ code: 'bus_unavailable' });
    expect(received).toEqual([]);
    await deaf.stop();
  });

  it('gives one answer to all who ask with the same id', async () => {
    reply = (message) => (received.length > 1 ? [answer(message)] : []);
    const both = [1, 2].map(() => calls.ask(question(Progress.NONE), { publisher, messageId: 'm-1' }));
    const answers = await Promise.all(both.map((call) => call.answer));
    expect(answers.map(({ text }) => text)).toEqual(['noon', 'noon']);
  });

  it("does not take another tenant's answer for its own", async () => {
    reply = (message) => [{ ...answer(message), tenantId: '00000000-0000-7000-8000-00000000000b' }];
    const call = calls.ask(question(Progress.STEPS), { publisher, messageId: 'm-1' });
    await expect(call.accepted).rejects.toMatchObject({ code: 'not_accepted_in_time' });
  });

  it('cancels the run when it is aborted', async () => {
    const abort = new AbortController();
    const call = calls.ask(question(Progress.NONE), { publisher, messageId: 'm-1', signal: abort.signal });
    await expect.poll(() => received.length).toBeGreaterThan(0);
    abort.abort();
    await expect(call.answer).rejects.toMatchObject({ code: 'run_cancelled' });
    await expect.poll(() => received.some(({ payload }) => payload.cancelsMessageId === 'm-1')).toBe(true);
    const cancel = received.find(({ payload }) => payload.cancelsMessageId === 'm-1');
    expect(verifyPublisher(TOKEN, cancel?.metadata['authorization'] ?? '', cancel?.id ?? '')).toEqual(publisher);
  });

  it('ends what it waits for when it stops', async () => {
    const call = calls.ask(question(Progress.NONE), { publisher, messageId: 'm-1' });
    await calls.stop();
    await expect(call.answer).rejects.toMatchObject({ code: 'stopping', status: 503 });
  });
});
