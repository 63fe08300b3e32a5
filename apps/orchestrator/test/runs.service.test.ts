import { Outcome, Progress, RunStatus } from '@nexus/contracts';
import { newId, newTrace } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { postgresTest, redisTest, startOtlpReceiver, waitFor } from '@nexus/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Neighbours, lastLine, modelResponse, script, toolResult, type ModelAnswer } from './neighbours.js';
import { Directory, startReplica, tenantChanged, type Replica } from './orchestrator-test.js';

const postgres = postgresTest();
const redis = redisTest();
const directory = new Directory();
const { tenantId, secret } = directory.tenant();
let replica: Replica;
let world: Neighbours;

/** A model that does what the person says: `call add {...}` calls, `fail x` fails, anything else it repeats. */
function obedient(line: string, step: number): ModelAnswer | undefined {
  if (!line.startsWith('U: ')) return { text: `told ${line.slice(3)}` };
  const said = line.slice(3);
  if (said.startsWith('silence')) return undefined;
  if (said.startsWith('fail ')) return { error: { code: said.slice(5), isRetryable: said.includes('again') } };
  const calls = [...said.matchAll(/call (\w+) ({[^}]*})/g)].map(([, name = '', args = '']) => ({ name, arguments: args }));
  return calls.length > 0 ? { calls } : { text: `said ${said} in step ${step}` };
}

beforeAll(async () => {
  world = await Neighbours.start(redis.url, {
    model: (request) => obedient(lastLine(request), request.run?.step ?? 0),
    tool: ({ call }) => (call?.name === 'add' ? String(Object.values(JSON.parse(call.arguments) as Record<string, number>).reduce((a, b) => a + b, 0)) : 'noon'),
  });
  replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
});
afterAll(async () => {
  await replica?.stop();
  await world?.stop();
});

const ask = async (text: string, more: object = {}): Promise<string> => {
  const id = newId();
  await world.ask(id, { text, ...more }, secret);
  return id;
};
const run = (messageId: string) => replica.clients.threads.getRun({ by: { case: 'messageId', value: messageId } }, asTenant(tenantId));

describe('a run', () => {
  it('RUN-1 goes from model to tool to model to answer, and tells what it used', async () => {
    const id = await ask('call add {"a":2,"b":3}', { timezone: 'Asia/Tokyo', sender: { id: 'ann' } });
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.ANSWERED, text: 'told 5', usage: { modelCalls: 2, toolCalls: 1, steps: 2, costMicroUsd: 6n, tokens: { input: 20n, output: 10n }, isPartial: false } });
    const { run: stored, events, answer } = await run(id);
    expect(stored).toMatchObject({ status: RunStatus.SUCCEEDED, messageId: id, correlationId: id, agent: 'default' });
    expect(events.map(({ kind, step, costMicroUsd }) => [kind, step, costMicroUsd])).toEqual([['accepted', 0, 0n], ['model_answered', 1, 3n], ['tool_finished', 1, 0n], ['model_answered', 2, 3n]]);
    expect(answer).toMatchObject({ text: 'told 5' });
    expect(world.toolCalls.at(-1)?.payload).toMatchObject({ timezone: 'Asia/Tokyo', attribution: { client: 'acme', project: 'site', user: 'ann', agent: 'default', threadId: stored?.threadId } });
    expect(world.callsFor(id)[0]?.attribution).toEqual(world.toolCalls.at(-1)?.payload.attribution);
  });

  it('RUN-1 calls tools that are asked for together together, and the model after the last result', async () => {
    const id = await ask('call add {"a":1,"b":1} call now {} call add {"a":2,"b":2}');
    expect(await world.answer(id)).toMatchObject({ usage: { toolCalls: 3, steps: 2 } });
    expect(script(world.callsFor(id)[1]!).slice(-4)).toEqual(['A: <add {"a":1,"b":1}><now {}><add {"a":2,"b":2}>', 'T: 2', 'T: noon', 'T: 4']);
  });

  it('RUN-2 never makes an invalid call, and lets the model repair it', async () => {
    const before = world.toolCalls.length;
    const id = await ask('call add {"a":"two"} call subtract {}');
    expect((await world.answer(id)).text).toContain('no tool named "subtract"');
    expect(script(world.callsFor(id)[1]!).slice(-2)).toEqual([expect.stringContaining('a must be number'), expect.stringContaining('The tools are: add, now')]);
    expect(world.toolCalls.length).toBe(before);
  });

  it('RUN-2 understands calls that the model wrote into its text', async () => {
    const { model } = world.behaviour;
    world.behaviour.model = (request) => (lastLine(request) === 'U: written' ? { text: 'Let me see:\n```json\n{"tool": "add", "args": {"a": 20, "b": 22}}\n```' } : model(request));
    const id = await ask('written');
    expect((await world.answer(id)).text).toBe('told 42');
    world.behaviour.model = model;
  });

  it('stops at its step limit, after asking for an answer without tools', async () => {
    const { model } = world.behaviour;
    world.behaviour.model = (request) => (script(request).some((line) => line === 'U: for ever') ? { calls: [{ name: 'now', arguments: '{}' }] } : model(request));
    const id = await ask('for ever');
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'step_limit_reached' }, usage: { steps: 8 } });
    expect(world.callsFor(id).map(({ input }) => (input.case === 'conversation' ? input.value.parameters?.toolChoice : ''))).toEqual(['', '', '', '', '', '', '', 'none']);
    world.behaviour.model = model;
  });

  it('tries a failed model call again under a new attempt, then fails with its error', async () => {
    const id = await ask('fail again_later');
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'again_later' } });
    const attempts = world.callsFor(id).map(({ attemptId }) => attemptId);
    expect(attempts).toHaveLength(3);
    expect(new Set(attempts).size).toBe(3);
    expect(await world.answer(await ask('fail at_once'))).toMatchObject({ error: { code: 'at_once' } });
  });

  it('is refused with the reason when no model may be called for it, and is there to be looked at', async () => {
    const id = await ask('fail budget_exceeded');
    const answer = await world.answer(id);
    expect(answer).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'budget_exceeded' }, usage: { modelCalls: 0 } });
    expect((await run(id)).run).toMatchObject({ id: answer.runId, status: RunStatus.FAILED, error: { code: 'budget_exceeded' } });
    const asked = await replica.clients.agent.queryAgent({ userQuery: 'fail budget_exceeded' }, asTenant(tenantId));
    expect(asked).toMatchObject({ outcome: Outcome.REFUSED, error: { code: 'budget_exceeded' } });
  });

  it.each([
    ['nobody knows', { error: { code: 'attempt_unknown' } }],
    ['what it had said was charged', { error: { code: 'interrupted', isRetryable: true }, spend: { costMicroUsd: 2n } }],
    ['parts of it were sent', { error: { code: 'interrupted', isRetryable: true }, parts: 3n }],
  ])('begins a new epoch of live parts when it asks a model anew that may have said something: %s', async (_why, failure) => {
    const { model } = world.behaviour;
    world.behaviour.model = (request) => (lastLine(request) === 'U: lost' && request.run?.epoch === 1n ? failure : model(request));
    const id = await ask('lost', { progress: Progress.PARTS });
    expect((await world.answer(id)).text).toBe('said lost in step 1');
    expect(world.callsFor(id).map((call) => call.run?.epoch)).toEqual([1n, 2n]);
    await waitFor(() => world.partsOf(id).length === 2);
    expect(world.partsOf(id).map(({ epoch, part }) => [epoch, part.case])).toEqual([[1n, 'accepted'], [2n, 'stepFinished']]);
    world.behaviour.model = model;
  });

  it('ends at its deadline, and has its model call stopped', async () => {
    const id = await ask('silence', { deadlineMs: BigInt(Date.now() + 400) });
    expect(await world.answer(id)).toMatchObject({ outcome: Outcome.FAILED, error: { code: 'deadline_exceeded' } });
    await waitFor(async () => world.cancels.some(({ payload }) => payload.target.value === world.answersTo(id)[0]?.runId));
    expect((await run(id)).run?.status).toBe(RunStatus.FAILED);
  });

  it('is cancelled by a message or by a call, and its late results change nothing', async () => {
    const first = await ask('silence one');
    await waitFor(() => world.callsFor(first).length === 1);
    await world.ask(newId(), { cancelsMessageId: first }, secret);
    expect(await world.answer(first)).toMatchObject({ outcome: Outcome.CANCELLED });
    const second = await ask('silence two');
    const call = await waitFor(() => world.modelCalls.find(({ correlationId }) => correlationId === second));
    const { run: cancelled } = await replica.clients.threads.cancelRun({ id: call.payload.run?.runId }, asTenant(tenantId));
    expect(cancelled?.status).toBe(RunStatus.CANCELLED);
    await world.bus.publishAll([modelResponse(call, { text: 'too late' })]);
    await world.answer(await ask('after'));
    expect(world.answersTo(second)).toMatchObject([{ outcome: Outcome.CANCELLED, text: '' }]);
  });

  it('tells those who asked for it what happens, numbered', async () => {
    const id = await ask('call now {}', { progress: Progress.STEPS });
    await world.answer(id);
    await waitFor(() => world.partsOf(id).length === 5);
    expect(world.partsOf(id).map(({ seq, part }) => [seq, part.case])).toEqual([[1n, 'accepted'], [2n, 'stepFinished'], [3n, 'toolStarted'], [4n, 'toolFinished'], [5n, 'stepFinished']]);
    expect(world.callsFor(id)[0]?.wantParts).toBe(false);
    const quiet = await ask('quiet');
    await world.answer(quiet);
    expect(world.partsOf(quiet)).toEqual([]);
  });
});

describe('a thread', () => {
  it('is told to the model, whole turns, with its tools', async () => {
    const chatId = newId();
    await world.answer(await ask('call add {"a":4,"b":4}', { surface: 'web', chatId }));
    const id = await ask('and now?', { surface: 'web', chatId });
    await world.answer(id);
    expect(script(world.callsFor(id)[0]!).slice(1)).toEqual(['U: call add {"a":4,"b":4}', 'A: <add {"a":4,"b":4}>', 'T: 8', 'A: told 8', 'U: and now?']);
  });

  it('BUS-2 answers its messages one after the other, in their order', async () => {
    const chatId = newId();
    const ids = Array.from({ length: 6 }, () => newId());
    const times: number[] = [];
    for (const id of ids) await world.ask(id, { text: `call add {"a":${ids.indexOf(id)},"b":0}`, surface: 'web', chatId, progress: Progress.STEPS }, secret);
    for (const id of ids) await world.answer(id);
    for (const id of ids) times.push(world.answers.findIndex(({ payload }) => payload.messageId === id));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const behind = ids.map((id) => world.partsOf(id).flatMap(({ part }) => (part.case === 'accepted' ? [part.value.queuedBehind] : []))[0]);
    expect(behind[0]).toBe(0);
    expect(behind.every((count, index) => (count ?? 99) <= index)).toBe(true);
    expect(script(world.callsFor(ids[5]!)[0]!).filter((line) => line.startsWith('U: '))).toHaveLength(6);
  });

  it('is listed with its messages, page by page', async () => {
    const threadId = newId();
    const id = await ask('call add {"a":40,"b":2}', { threadId });
    await world.answer(id);
    const first = await replica.clients.threads.listMessages({ threadId, limit: 2 }, asTenant(tenantId));
    const rest = await replica.clients.threads.listMessages({ threadId, limit: 10, after: first.messages.at(-1)?.id }, asTenant(tenantId));
    expect([first.hasMore, rest.hasMore]).toEqual([true, false]);
    expect([...first.messages, ...rest.messages].map(({ message }) => message?.role)).toEqual([2, 3, 4, 3]);
    expect((await replica.clients.threads.getThread({ id: threadId }, asTenant(tenantId))).title).toBe('call add {"a":40,"b":2}');
  });

  it('is made, renamed, archived and listed, by its tenant only', async () => {
    const own = directory.tenant();
    const as = asTenant(own.tenantId);
    const { threads } = replica.clients;
    const made = await Promise.all(['a', 'b', 'c'].map((title) => threads.createThread({ title }, as)));
    await threads.updateThread({ id: made[0]?.id, title: 'renamed', archived: true }, as);
    expect((await threads.listThreads({}, as)).threads.map(({ title }) => title).sort()).toEqual(['b', 'c']);
    const page = await threads.listThreads({ limit: 2, includeArchived: true }, as);
    const next = await threads.listThreads({ limit: 2, includeArchived: true, after: page.threads.at(-1)?.id }, as);
    expect([...page.threads, ...next.threads].map(({ title }) => title).sort()).toEqual(['b', 'c', 'renamed']);
    await expect(threads.getThread({ id: made[1]?.id }, asTenant(tenantId))).rejects.toMatchObject({ code: 'thread_not_found', status: 404, param: 'thread_id' });
    await world.ask('in it', { text: 'hello', threadId: made[1]?.id }, own.secret);
    expect((await world.answer('in it')).threadId).toBe(made[1]?.id);
  });
});

describe('configuration', () => {
  it('takes the request\'s model, else the tenant\'s, else the environment\'s, and leaves out tools that are switched off', async () => {
    const own = directory.tenant();
    const models = async (id: string, request: object) => {
      await world.ask(id, { text: 'hi', ...request }, own.secret);
      await world.answer(id);
      const [call] = world.callsFor(id);
      return [call?.model, call?.input.case === 'conversation' ? call.input.value.tools.map(({ name }) => name) : []];
    };
    expect(await models(newId(), {})).toEqual(['demo', ['add', 'now']]);
    directory.settings.set(own.tenantId, { config: { 'agent.default.model': '"openai/gpt-4o"' }, disabledTools: ['now'] });
    await world.bus.publish({ channel: 'settings.changed', id: newId(), payload: tenantChanged(own.tenantId) });
    await waitFor(async () => (await models(newId(), {}))[0] === 'openai/gpt-4o');
    expect(await models(newId(), { model: 'fake' })).toEqual(['fake', ['add']]);
  });
});

it('answers QueryAgent and StreamAgent through the same road', async () => {
  const answer = await replica.clients.agent.queryAgent({ userQuery: 'call add {"a":7,"b":7}' }, asTenant(tenantId));
  expect(answer).toMatchObject({ outcome: Outcome.ANSWERED, text: 'told 14' });
  const events = [];
  for await (const { event } of replica.clients.agent.streamAgent({ userQuery: 'call now {}' }, asTenant(tenantId))) events.push(event.case === 'progress' ? event.value.part.case : event.case);
  expect(events).toEqual(['accepted', 'stepFinished', 'toolStarted', 'toolFinished', 'stepFinished', 'answer']);
  await expect(replica.clients.agent.queryAgent({ userQuery: 'x', agent: 'nobody' }, asTenant(tenantId))).rejects.toMatchObject({ code: 'agent_not_found', status: 404, param: 'agent' });
});

it('answers QueryAgent again that names its message, and refuses it again', async () => {
  const query = { userQuery: 'call add {"a":1,"b":8}', messageId: newId() };
  const answer = await replica.clients.agent.queryAgent(query, asTenant(tenantId));
  expect(await replica.clients.agent.queryAgent(query, asTenant(tenantId))).toEqual(answer);
  const wrong = { ...query, agent: 'nobody', messageId: newId() };
  for (let times = 0; times < 2; times++) await expect(replica.clients.agent.queryAgent(wrong, asTenant(tenantId))).rejects.toMatchObject({ code: 'agent_not_found' });
});

it('OPS-2 is one trace from its message to its answer', async () => {
  const receiver = await startOtlpReceiver();
  const traced = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory, replica: 'traced', environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
  try {
    await replica.stop();
    const id = newId();
    const trace = newTrace();
    await world.ask(id, { text: 'call now {}' }, secret, { trace });
    await world.answer(id);
    const messages = [...world.modelCalls, ...world.toolCalls, ...world.answers].filter(({ correlationId }) => correlationId === id);
    expect(messages.map((message) => message.trace?.traceId)).toEqual(Array.from({ length: 4 }, () => trace.traceId));
    await traced.stop();
    const spans = receiver.spans().filter(({ traceId }) => traceId === trace.traceId);
    expect(spans.map(({ name }) => name).sort()).toEqual(['invoke_agent default', 'process inference.response', 'process inference.response', 'process requests.incoming', 'process tools.results']);
    const known = new Set([trace.spanId, ...spans.map(({ spanId }) => spanId)]);
    expect(spans.filter(({ parentSpanId }) => !known.has(parentSpanId ?? ''))).toEqual([]);
    const whole = spans.find(({ name }) => name.startsWith('invoke_agent'));
    expect(whole?.attributes).toMatchObject({ 'gen_ai.agent.name': 'default', 'nexus.cost.micro_usd': 6, 'gen_ai.usage.input_tokens': 20 });
  } finally {
    await traced.stop();
    await receiver.close();
    replica = await startReplica({ databaseUrl: postgres.url, redisUrl: redis.url, directory });
  }
});

it('says the same to a result that comes twice', async () => {
  const { tool } = world.behaviour;
  world.behaviour.tool = () => undefined;
  const id = await ask('call now {}');
  const execute = await waitFor(() => world.toolCalls.find(({ correlationId }) => correlationId === id));
  world.behaviour.tool = tool;
  await world.bus.publishAll([toolResult(execute, 'twice'), toolResult(execute, 'twice'), toolResult(execute, 'another')]);
  expect((await world.answer(id)).text).toBe('told twice');
  await world.answer(await ask('after'));
  expect(world.answersTo(id)).toHaveLength(1);
  expect((await run(id)).events).toHaveLength(4);
});
