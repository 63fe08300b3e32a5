import { create } from '@bufbuild/protobuf';
import { ConversationSchema, FinishReason, OpenedAttempt_State as State, Role, UsageRecorded_Result as Result } from '@nexus/contracts';
import { AppError, SYSTEM_TENANT_ID, newId } from '@nexus/core';
import { asService, asTenant, toConnectError } from '@nexus/runtime';
import { postgresTest, redisTest, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RouterUnderTest, RouterWorld, requestOf } from './router-test.js';

const postgres = postgresTest();
const redis = redisTest();
let world: RouterWorld;
let router: RouterUnderTest;
let text: string;

beforeAll(async () => {
  world = await RouterWorld.start();
  router = await RouterUnderTest.start(world, { redisUrl: redis.url, databaseUrl: postgres.url });
});
afterAll(async () => {
  await router?.stop();
  await world?.provider.close();
});
beforeEach(() => {
  world.reset();
  text = `question ${newId()}`;
});

const chat = (more: object = {}) => ({ model: 'fake/priced', messages: [{ role: 'user', content: text }], ...more });
const conversation = (parameters?: object) => ({
  case: 'conversation' as const,
  value: create(ConversationSchema, { messages: [{ role: Role.USER, parts: [{ kind: { case: 'text', value: text } }] }], ...(parameters && { parameters }) }),
});
const run = () => ({ runId: newId(), threadId: newId(), step: 1, epoch: 3n });
const upstream = () => world.calls(text)[0]?.body;

describe('a plain completion', () => {
  it('is answered with the provider\'s own bytes, what it cost, and one usage record', async () => {
    world.provider.reply({ text: 'hi', usage: { prompt_tokens: 100, completion_tokens: 20 } });
    const message = await router.ask(chat());
    const answer = await router.answer(message);
    const completion = answer.outcome.case === 'completion' ? answer.outcome.value : undefined;
    expect(JSON.parse(Buffer.from(completion?.output.value as Uint8Array).toString())).toMatchObject({ object: 'chat.completion', choices: [{ message: { content: 'hi' } }] });
    expect(completion?.finishReason).toBe(FinishReason.STOP);
    expect(answer.spend).toMatchObject({ provider: 'fake', model: 'priced', costMicroUsd: 300n, usage: { input: 100n, output: 20n, estimated: false } });
    expect(await router.record(message)).toMatchObject({ result: Result.SUCCEEDED, provider: 'fake', model: 'priced', usage: { input: 100n, output: 20n }, price: { input: 1_000_000n, output: 10_000_000n }, errorCode: '' });
    expect(router.answersTo(message)[0]).toMatchObject({ id: `${message.id}.response`, correlationId: 'the question', tenantId: message.tenantId });
    expect(router.recordsOf(message)).toHaveLength(1);
  });

  it('streams the provider\'s events in their order, without the usage that nobody asked for', async () => {
    world.provider.reply({ chunks: ['one ', 'two ', 'three'], chunkDelayMs: 15 });
    const message = await router.ask(chat({ stream: true }), { wantParts: true });
    const answer = await router.answer(message);
    expect(answer.outcome).toMatchObject({ case: 'completion', value: { output: { case: 'body', value: { length: 0 } }, finishReason: FinishReason.STOP } });
    await waitFor(() => router.parts.filter(({ payload }) => payload.messageId === message.id).length === Number(answer.parts));
    expect(router.parts.flatMap(({ payload }) => (payload.messageId === message.id ? [payload.seq] : []))).toEqual(Array.from({ length: Number(answer.parts) }, (_, i) => BigInt(i)));
    const events = router.eventsOf(message);
    expect([...events.matchAll(/"content":"([^"]*)"/g)].map(([, piece]) => piece).join('')).toBe('one two three');
    expect(events).not.toContain('"usage"');
    expect(answer.spend?.usage?.estimated).toBe(false);
    expect(upstream()).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it('hands on the usage of a stream to those who asked for it', async () => {
    const message = await router.ask(chat({ stream: true, stream_options: { include_usage: true } }), { wantParts: true });
    await router.answer(message);
    await waitFor(() => router.eventsOf(message).includes('"usage"'));
  });

  it('writes events of several lines so that they stay one event', async () => {
    const chunk = JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: 'hi' }, finish_reason: 'stop' }] }, null, 2);
    world.provider.reply({ headers: { 'content-type': 'text/event-stream' }, body: `${chunk.split('\n').map((line) => `data: ${line}`).join('\n')}\n\ndata: [DONE]\n\n` });
    const message = await router.ask(chat({ stream: true }), { wantParts: true });
    await router.answer(message);
    await waitFor(() => router.eventsOf(message).includes('hi'));
    expect(router.eventsOf(message).trimEnd().split('\n').every((line) => line.startsWith('data: '))).toBe(true);
  });
});

describe('a model call of a run', () => {
  it('is answered with a message, and its text is told to everybody who follows the run', async () => {
    world.provider.reply({ chunks: ['one ', 'two'], toolCalls: [{ id: 'c', name: 't', arguments: { a: 1 } }], chunkDelayMs: 10 });
    const ref = run();
    const message = await router.ask('', { model: 'fake/priced', input: conversation(), run: ref, wantParts: true });
    const answer = await router.answer(message);
    expect(answer.outcome).toMatchObject({ case: 'completion', value: { finishReason: FinishReason.TOOL_CALLS, output: { case: 'message', value: { role: Role.ASSISTANT, parts: [{ kind: { value: 'one two' } }, { kind: { case: 'toolCall', value: { id: 'c', name: 't', arguments: '{"a":1}' } } }] } } } });
    await waitFor(() => router.partsOfRuns.filter(({ payload }) => payload.runId === ref.runId).length === Number(answer.parts));
    const parts = router.partsOfRuns.filter(({ payload }) => payload.runId === ref.runId);
    expect(parts.map(({ payload }) => (payload.part.case === 'textDelta' ? payload.part.value : '')).join('')).toBe('one two');
    expect(parts[0]?.payload).toMatchObject({ epoch: 3n, step: 1, messageId: '' });
    expect(await router.record(message)).toMatchObject({ result: Result.SUCCEEDED, runId: ref.runId });
    expect(world.ledger.asked.find(({ attemptId }) => attemptId === message.id)).toMatchObject({ runId: ref.runId, step: 1 });
  });

  it('is not streamed when nobody wants parts', async () => {
    const message = await router.ask('', { model: 'fake/priced', input: conversation(), run: run() });
    expect((await router.answer(message)).parts).toBe(0n);
    expect(upstream()).not.toHaveProperty('stream');
  });
});

describe('a budget', () => {
  it.each([
    ['the client named no limit', {}, 'fake/priced', { max_tokens: 50 }],
    ['the client named more', { max_tokens: 900 }, 'fake/priced', { max_tokens: 50 }],
    ['the client named it otherwise', { max_completion_tokens: 900 }, 'fake/priced', { max_tokens: 50 }],
    ['the client named both', { max_tokens: 900, max_completion_tokens: 10 }, 'fake/priced', { max_tokens: 50 }],
    ['the provider calls it otherwise', { max_tokens: 900 }, 'modern/next', { max_completion_tokens: 50 }],
    ['there are five choices', { max_tokens: 900, n: 5 }, 'fake/priced', { max_tokens: 10, n: 5 }],
    ['it is a stream', { stream: true, max_tokens: 900 }, 'fake/priced', { max_tokens: 50, stream: true }],
    ['the limit is of no type that is known', { max_tokens: '900' }, 'fake/priced', { max_tokens: 50 }],
  ])('caps the output that is asked for upstream when %s', async (_when, fields, model, sent) => {
    world.ledger.answer = () => ({ state: State.OPENED, grantedOutputTokens: 50n });
    await router.answer(await router.ask(chat({ model, ...fields }), { wantParts: 'stream' in fields }));
    const { max_tokens, max_completion_tokens, n, stream } = upstream() ?? {};
    expect(JSON.parse(JSON.stringify({ max_tokens, max_completion_tokens, n, stream }))).toEqual(sent);
  });

  it('holds a provider to a limit within the budget by the name that it knows', async () => {
    await router.answer(await router.ask(chat({ max_completion_tokens: 7 })));
    expect(upstream()).toMatchObject({ max_tokens: 7 });
    expect(upstream()).not.toHaveProperty('max_completion_tokens');
  });

  it('caps the output of a run too, and reserves for every choice', async () => {
    world.ledger.answer = () => ({ state: State.OPENED, grantedOutputTokens: 50n });
    const message = await router.ask('', { model: 'modern/next', input: conversation({ maxOutputTokens: 100n }), run: run() });
    await router.answer(message);
    expect(upstream()).toMatchObject({ max_completion_tokens: 50 });
    expect(upstream()).not.toHaveProperty('max_tokens');
    const many = await router.ask(chat({ n: 3, max_tokens: 10 }));
    await router.answer(many);
    expect(world.ledger.asked.find(({ attemptId }) => attemptId === many.id)).toMatchObject({ maxOutputTokens: 30n, minOutputTokens: 30n });
  });

  it('that refuses is answered with its reason, and nobody is called', async () => {
    world.ledger.answer = () => ({ state: State.REFUSED, error: { code: 'budget_exceeded', message: 'The budget is used up.', status: 402, retryAfterMs: 5_000n } });
    const message = await router.ask(chat());
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'budget_exceeded', status: 402, retryAfterMs: 5_000n, isRetryable: false } });
    expect(world.calls(text)).toEqual([]);
    expect(router.recordsOf(message)).toEqual([]);
  });
});

describe('an attempt', () => {
  it.each([['UNKNOWN', State.UNKNOWN], ['IN_FLIGHT', State.IN_FLIGHT], ['SETTLED', State.SETTLED]])('that is %s is not made again', async (_name, state) => {
    world.ledger.answer = () => ({ state });
    const message = await router.ask(chat());
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'attempt_unknown', status: 502, isRetryable: false } });
    expect(world.calls(text)).toEqual([]);
    expect(router.recordsOf(message)).toEqual([]);
  });

  it('is made once, however often it is asked for while it is under way', async () => {
    world.provider.reply({ text: 'once', delayMs: 300 });
    const message = await router.ask(chat());
    await waitFor(() => world.calls(text).length === 1);
    await router.bus.publish(message);
    const others: string[] = [];
    const reader = router.bus.followReplies('inference.response', 'somebody-else', (batch) => void others.push(...batch.map(({ payload }) => (payload.outcome.case === 'error' ? payload.outcome.value.code : 'answered'))));
    await reader.ready;
    await router.bus.publish({ ...message, replyTo: 'somebody-else' });
    await waitFor(() => others.length === 1);
    await router.answer(message);
    expect(others).toEqual(['in_progress']);
    expect(router.answersTo(message)).toHaveLength(1);
    expect(world.calls(text)).toHaveLength(1);
    expect(router.recordsOf(message)).toHaveLength(1);
    await reader.stop();
  });

  it('waits while the settings are away, and is made when they are back', async () => {
    world.failingSettings = 3;
    const message = await router.ask(chat());
    expect((await router.answer(message)).outcome.case).toBe('completion');
    expect(world.calls(text)).toHaveLength(1);
  });

  it('waits while the ledger is away, and is made when it is back', async () => {
    let questions = 0;
    world.ledger.beforeAnswer = () => {
      if (++questions < 3) throw toConnectError(new AppError('database_unavailable', 'away', { status: 503, isRetryable: true }));
    };
    const message = await router.ask(chat());
    expect((await router.answer(message)).outcome.case).toBe('completion');
    expect(world.calls(text)).toHaveLength(1);
  });

  it('that waits for the ledger beyond its deadline is refused', async () => {
    world.ledger.beforeAnswer = () => { throw toConnectError(new AppError('database_unavailable', 'away', { status: 503, isRetryable: true })); };
    const message = await router.ask(chat(), { deadlineMs: BigInt(Date.now() + 700) });
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { status: expect.toSatisfy((status: number) => [503, 504].includes(status)) as number } });
    expect(world.calls(text)).toEqual([]);
  });

  it('that the ledger will not take fails alone', async () => {
    const release = Promise.withResolvers<void>();
    const bad = newId();
    let isHeld = true;
    world.ledger.beforeAnswer = async (attempts) => {
      if (isHeld) await release.promise;
      if (attempts.some(({ attemptId }) => attemptId === bad)) throw toConnectError(new AppError('invalid_request', 'attempts.0.maxInputTokens: must be at most 100000000', { status: 400, param: 'attempts.0.maxInputTokens' }));
    };
    const held = await router.ask(chat()); // a question is under way: what follows goes together
    await waitFor(() => world.ledger.asked.some(({ attemptId }) => attemptId === held.id));
    const messages = [await router.ask(chat()), await router.ask(chat(), { attemptId: bad }), await router.ask(chat())];
    await waitFor(async () => (await router.bus.history('inference.request', '0')).length >= 4);
    isHeld = false;
    release.resolve();
    const answers = await Promise.all([held, ...messages].map((message) => router.answer(message)));
    expect(answers.map(({ outcome }) => outcome.case)).toEqual(['completion', 'completion', 'error', 'completion']);
    expect(answers[2]?.outcome).toMatchObject({ value: { code: 'invalid_request', status: 400 } });
  });

  it('whose opening got no answer is given back, and may be asked for anew', async () => {
    world.ledger.answer = (attempt) => {
      const answer = world.ledger.open(attempt);
      if (answer.state === State.OPENED) throw toConnectError(new AppError('database_unavailable', 'the answer was lost', { status: 503, isRetryable: true }));
      return answer;
    };
    const message = await router.ask(chat());
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'usage_unavailable', isRetryable: true } });
    expect(await router.record(message)).toMatchObject({ result: Result.NOT_SENT, provider: 'fake', model: 'priced' });
    expect(world.calls(text)).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['a model that nobody has', { model: 'gpt-unheard-of' }, 'model_not_found', 404],
    ['a body that is no JSON', '{', 'invalid_request', 400],
    ['more choices than there are', { model: 'fake/priced', n: 1_000 }, 'invalid_request', 400],
  ])('is said of %s, and nobody is called', async (_what, body, code, status) => {
    const message = await router.ask(typeof body === 'string' ? body : chat(body));
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code, status } });
    expect(world.calls(text)).toEqual([]);
  });

  it('is said of a provider that is switched off', async () => {
    world.disabledProviders = ['fake'];
    expect((await router.answer(await router.ask(chat()))).outcome).toMatchObject({ case: 'error', value: { code: 'provider_disabled', status: 403, param: 'model' } });
    const tenantId = newId();
    const { models } = await router.clients.providers.listModels({ tenantId }, asService());
    expect(models.map(({ id }) => id)).toEqual(['modern/next', 'nowhere/far']);
  });

  it.each([
    ['a refusal', { status: 429, headers: { 'retry-after': '2' } }, { code: 'rate_limited', isRetryable: true, retryAfterMs: 2_000n }, { result: Result.FAILED, errorCode: 'rate_limited' }],
    ['garbage', { body: '<html>' }, { code: 'bad_response', isRetryable: false }, undefined],
    ['a connection that breaks in the midst of a body', { text: 'x'.repeat(100), cutAfterChunks: 1 }, { code: 'connection_lost', isRetryable: false }, undefined],
  ])('upstream as %s is told apart, and booked only where it is known', async (_what, reply, error, record) => {
    world.provider.reply(reply);
    const message = await router.ask(chat());
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: error });
    world.provider.reply({ text: 'ok' });
    await router.record(await router.ask(chat())); // which stands behind the other's record
    expect(router.recordsOf(message)).toMatchObject(record ? [record] : []);
  });

  it('gives a reservation back when the provider was never reached', async () => {
    const message = await router.ask(chat({ model: 'nowhere/far' }));
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'connection', isRetryable: true } });
    expect(await router.record(message)).toMatchObject({ result: Result.NOT_SENT });
  });

  it('leaves open what a silent provider may have done', async () => {
    world.provider.reply({ hang: 'before-headers' });
    const message = await router.ask(chat({ model: 'modern/next' }));
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'timeout', status: 504, isRetryable: false } });
    expect(router.recordsOf(message)).toEqual([]);
  });

  it('counts what came of a stream that broke off', async () => {
    world.provider.reply({ chunks: ['one ', 'two ', 'three '], cutAfterChunks: 3 });
    const message = await router.ask(chat({ stream: true }), { wantParts: true });
    const answer = await router.answer(message);
    expect(answer.outcome).toMatchObject({ case: 'error', value: { code: 'cut_stream' } });
    expect(answer.spend?.usage?.estimated).toBe(true);
    expect(await router.record(message)).toMatchObject({ result: Result.FAILED, usage: { estimated: true } });
    await waitFor(() => router.parts.filter(({ payload }) => payload.messageId === message.id).length === Number(answer.parts));
  });

  it('becomes a dead letter when it cannot be read, and the next is answered', async () => {
    await router.bus.publish({ ...requestOf(chat()), id: 'a\u0000b' });
    expect((await router.answer(await router.ask(chat()))).outcome.case).toBe('completion');
    const listed = () => router.clients.deadLetters('provider-router').listDeadLetters({ channel: 'inference.request' }, asTenant(SYSTEM_TENANT_ID));
    await expect.poll(async () => (await listed()).deadLetters).toMatchObject([{ reasonCode: 'malformed_envelope', channel: 'inference.request' }]);
  });
});

describe('RTR-4 a call that nobody waits for', () => {
  it.each(['attemptId', 'runId'] as const)('is stopped by its %s, and what it cost until then is booked', async (by) => {
    world.provider.reply({ chunks: ['one ', 'two '], chunkDelayMs: 100, text: 'long'.repeat(50) });
    const ref = run();
    const message = await router.ask('', { model: 'fake/priced', input: conversation(), run: ref, wantParts: true });
    await waitFor(() => router.partsOfRuns.some(({ payload }) => payload.runId === ref.runId));
    await router.cancel({ case: by, value: by === 'runId' ? ref.runId : message.id });
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'cancelled', status: 499 } });
    expect(await router.record(message)).toMatchObject({ result: Result.CANCELLED, usage: { estimated: true } });
    await waitFor(() => world.calls(text)[0]?.isAborted);
  });

  /** A call that is stopped shows that the cancels before its own were read. */
  async function heardOfCancels(): Promise<void> {
    world.provider.reply({ hang: 'before-headers' });
    const probe = await router.ask({ model: 'fake/free', messages: [{ role: 'user', content: 'probe' }] });
    await waitFor(() => world.ledger.opened.has(probe.id));
    await router.cancel({ case: 'attemptId', value: probe.id });
    await router.answer(probe);
  }

  it.each(['attemptId', 'runId'] as const)('is not begun when the cancel by its %s came first', async (by) => {
    const ref = run();
    const attemptId = newId();
    await router.cancel({ case: by, value: by === 'runId' ? ref.runId : attemptId });
    await heardOfCancels();
    const message = await router.ask('', { attemptId, model: 'fake/priced', input: conversation(), run: ref });
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'cancelled', status: 499 } });
    expect(world.ledger.asked.some((asked) => asked.attemptId === attemptId)).toBe(false);
    expect(world.calls(text)).toEqual([]);
  });

  it('is stopped at its deadline', async () => {
    world.provider.reply({ chunks: ['one '], chunkDelayMs: 200, hang: 'after-headers' });
    const message = await router.ask(chat({ stream: true }), { wantParts: true, deadlineMs: BigInt(Date.now() + 500) });
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'deadline_exceeded', status: 504 } });
    expect(await router.record(message)).toMatchObject({ result: Result.CANCELLED });
    await waitFor(() => world.calls(text)[0]?.isAborted);
  });

  it('is not made after its deadline', async () => {
    const message = await router.ask(chat(), { deadlineMs: BigInt(Date.now() - 1) });
    expect((await router.answer(message)).outcome).toMatchObject({ case: 'error', value: { code: 'deadline_exceeded', status: 504 } });
    expect(world.calls(text)).toEqual([]);
  });
});
