import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { Code, createClient, type Client } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import {
  ChatMessageSchema, FinishReason, Health, HealthCheckResponse_ServingStatus as Status, LocalModelService, ParametersSchema, PartSchema, Role, ToolDefinitionSchema,
  type ChatMessage, type GenerateRequestSchema, type GenerateResponse, type Part, type Parameters,
} from '@nexus/contracts';
import { writeTinyGguf } from '@nexus/testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { LocalModelConfig } from '../src/config.js';
import { loadLlamaLibrary, type LlamaLibrary } from '../src/engine/llama-library.js';
import { startLocalModel, type RunningLocalModel } from '../src/local-model.module.js';

/** By its own name, so that the compiler compares its types with those that are used of it. */
const library: LlamaLibrary | undefined = await import('node-llama-cpp').catch(() => undefined);
const isThere = library !== undefined;
const ABSENT = isThere ? '' : ' (skipped: node-llama-cpp is not installed)';

let folder: string;
const running: RunningLocalModel[] = [];
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'nexus-local-model-'))));
afterEach(async () => void (await Promise.all(running.splice(0).map((model) => model.close()))));
afterAll(() => rm(folder, { recursive: true }));

const part = (kind: Part['kind']): Part => create(PartSchema, { kind });
const message = (role: Role, ...kinds: Part['kind'][]): ChatMessage => create(ChatMessageSchema, { role, parts: kinds.map(part) });
const user = (text: string): ChatMessage => message(Role.USER, { case: 'text', value: text });
const parameters = (value: Omit<MessageInitShape<typeof ParametersSchema>, '$typeName'>): Parameters => create(ParametersSchema, { temperature: 0, ...value });
const look = create(ToolDefinitionSchema, { name: 'look', description: 'looks at the door', parameters: '{"type":"object","properties":{"is_open":{"type":"boolean"}}}' });

interface Started {
  readonly model: RunningLocalModel;
  readonly client: Client<typeof LocalModelService>;
}

async function start(words: readonly string[], more: Partial<LocalModelConfig> & { isEndless?: boolean } = {}): Promise<Started> {
  const file = join(folder, `${words.join('').replace(/\W/g, '')}.gguf`);
  const { isEndless = false } = more;
  // An endless answer must still be under way when it is looked at.
  const contextTokens = isEndless ? 16_384 : 1_024;
  await writeTinyGguf(file, { words, isEndless, contextTokens });
  // One thread: two that wait for each other are slow where other tests run.
  const model = await startLocalModel({ file, name: 'tiny', host: '127.0.0.1', port: 0, contextTokens, parallel: 1, waiting: 4, threads: 1, gpu: 'off', ...more });
  running.push(model);
  return { model, client: createClient(LocalModelService, createGrpcTransport({ baseUrl: model.url })) };
}

async function all(stream: AsyncIterable<GenerateResponse>): Promise<GenerateResponse['kind'][]> {
  const kinds: GenerateResponse['kind'][] = [];
  for await (const { kind } of stream) kinds.push(kind);
  return kinds;
}
const textOf = (kinds: readonly GenerateResponse['kind'][]): string => kinds.map((kind) => (kind.case === 'text' ? kind.value : '')).join('');
const finishOf = (kinds: readonly GenerateResponse['kind'][]): unknown => kinds.find((kind) => kind.case === 'finish')?.value;
const callsOf = (kinds: readonly GenerateResponse['kind'][]): { name: string; arguments: unknown }[] => {
  const calls: { name: string; text: string }[] = [];
  for (const { case: kind, value } of kinds) {
    if (kind !== 'toolCall') continue;
    const call = (calls[value.index] ??= { name: value.name, text: '' });
    call.text += value.arguments;
  }
  return calls.map(({ name, text }) => ({ name, arguments: JSON.parse(text) as unknown }));
};

describe.skipIf(!isThere)(`a model that llama.cpp runs${ABSENT}`, () => {
  it('answers word by word, and counts every token', async () => {
    const { client } = await start(['Hello', ' from', ' a', ' tiny', ' model', '.']);
    const ask = { model: 'tiny', messages: [message(Role.SYSTEM, { case: 'text', value: 'be brief' }), user('hi')], parameters: parameters({}), callId: 'c1' };
    const kinds = await all(client.generate(ask));
    expect(kinds.map(({ case: kind }) => kind)).toEqual(['start', 'text', 'text', 'text', 'text', 'text', 'text', 'usage', 'finish']);
    expect(kinds[0]).toMatchObject({ value: { id: 'c1', model: 'tiny' } });
    expect(textOf(kinds)).toBe('Hello from a tiny model.');
    expect(finishOf(kinds)).toMatchObject({ reason: FinishReason.STOP, stopSequence: '' });
    const { tokens } = await client.countTokens(ask);
    expect(kinds.at(-2)).toMatchObject({ value: { input: tokens, cached: 0n, output: 7n } });
    const again = await all(client.generate(ask));
    expect(textOf(again)).toBe(textOf(kinds));
    expect(again.at(-2)).toMatchObject({ value: { input: tokens, cached: tokens - 1n, output: 7n } });
  });

  it('stops where it is told to', async () => {
    const { client } = await start(['Hello', ' from', ' a', ' tiny', ' model', '.']);
    const short = await all(client.generate({ model: 'tiny', messages: [user('hi')], parameters: parameters({ maxOutputTokens: 3n }) }));
    expect([textOf(short), finishOf(short)]).toMatchObject(['Hello from a', { reason: FinishReason.LENGTH }]);
    const stopped = await all(client.generate({ model: 'tiny', messages: [user('hi')], parameters: parameters({ stop: ['never', ' tiny'] }) }));
    expect([textOf(stopped), finishOf(stopped)]).toMatchObject(['Hello from a', { reason: FinishReason.STOP, stopSequence: ' tiny' }]);
  });

  it('answers in the form of a schema', async () => {
    const { client } = await start(['Hello', ' from']);
    const responseSchema = JSON.stringify({ type: 'object', properties: { color: { enum: ['green'] }, isRound: { anyOf: [{ type: 'boolean' }] } } });
    const kinds = await all(client.generate({ model: 'tiny', messages: [user('hi')], parameters: parameters({ responseSchema, maxOutputTokens: 100n }) }));
    expect(JSON.parse(textOf(kinds))).toEqual({ color: 'green', isRound: expect.any(Boolean) });
  });

  it('calls a tool when it wants to', async () => {
    const { client } = await start(['Sure', '. ', '||call:', ' look', '({"is_open":', 'true', '})']);
    const kinds = await all(client.generate({ model: 'tiny', messages: [user('hi')], tools: [look], parameters: parameters({ maxOutputTokens: 100n }) }));
    expect(textOf(kinds).trim()).toBe('Sure.');
    expect(callsOf(kinds)).toEqual([{ name: 'look', arguments: { is_open: expect.any(Boolean) } }]);
    expect(finishOf(kinds)).toMatchObject({ reason: FinishReason.TOOL_CALLS });
  });

  it.each(['required', 'look'])('calls a tool when it must (%s), and goes on from its result', async (toolChoice) => {
    const { client } = await start(['It', ' is', ' open', '.']);
    const kinds = await all(client.generate({ model: 'tiny', messages: [user('hi')], tools: [look], parameters: parameters({ toolChoice, maxOutputTokens: 200n }) }));
    expect(callsOf(kinds)).toEqual([{ name: 'look', arguments: { is_open: expect.any(Boolean) } }]);
    expect(finishOf(kinds)).toMatchObject({ reason: FinishReason.TOOL_CALLS });
    const call = message(Role.ASSISTANT, { case: 'toolCall', value: { $typeName: 'nexus.inference.v1.ToolCall', id: 'a', name: 'look', arguments: '{"is_open":true}' } });
    const result = message(Role.TOOL, { case: 'toolResult', value: { $typeName: 'nexus.inference.v1.ToolResult', callId: 'a', name: 'look', text: 'open', isError: false, images: [] } });
    expect(textOf(await all(client.generate({ model: 'tiny', messages: [user('hi'), call, result], tools: [look], parameters: parameters({}) })))).toBe('It is open.');
  });

  it('says what it is, and whether it is ready', async () => {
    const { client, model } = await start(['Hello', ' from']);
    const { models } = await client.listLocalModels({});
    expect(models).toMatchObject([{ name: 'tiny', contextTokens: 1_024n, tools: true, vision: false, jsonSchema: true, architecture: 'llama' }]);
    expect(models[0]?.parameters).toBeGreaterThan(10_000n);
    expect(await client.getLocalModel({ model: 'tiny' })).toMatchObject({ model: { name: 'tiny' } });
    const health = createClient(Health, createGrpcTransport({ baseUrl: model.url }));
    expect(await health.check({ service: LocalModelService.typeName })).toMatchObject({ status: Status.SERVING });
    const watched: Status[] = [];
    const watching = (async () => {
      for await (const { status } of health.watch({})) watched.push(status);
    })();
    await expect.poll(() => watched).toEqual([Status.SERVING]);
    await model.close();
    await watching;
    expect(watched).toEqual([Status.SERVING, Status.NOT_SERVING]);
  });
});

describe.skipIf(!isThere)(`a call of a local model${ABSENT}`, () => {
  it.each<[string, Code, Omit<MessageInitShape<typeof GenerateRequestSchema>, '$typeName'>]>([
    ['another model', Code.NotFound, { model: 'other' }],
    ['a picture', Code.InvalidArgument, { messages: [message(Role.USER, { case: 'image', value: { $typeName: 'nexus.inference.v1.Image', url: 'https://a.example/cat.png', mediaType: '' } })] }],
    ['more than it can hold', Code.OutOfRange, { messages: [user('x '.repeat(2_000))] }],
    ['a tool that there is not', Code.InvalidArgument, { tools: [look], parameters: parameters({ toolChoice: 'jump' }) }],
    ['tools and a schema', Code.InvalidArgument, { tools: [look], parameters: parameters({ responseSchema: '{}' }) }],
  ])('with %s is refused', async (_, code, more) => {
    const { client } = await start(['Hello', ' from']);
    await expect(all(client.generate({ model: 'tiny', messages: [user('hi')], ...more }))).rejects.toMatchObject({ code });
  });

  it('waits for its turn, or is refused where too many wait', async () => {
    const { client } = await start([' on', ' and'], { isEndless: true, waiting: 1 });
    const abort = new AbortController();
    const begun = Promise.withResolvers<void>();
    const first = (async () => {
      for await (const { kind } of client.generate({ model: 'tiny', messages: [user('hi')] }, { signal: abort.signal })) if (kind.case === 'text') begun.resolve();
    })();
    first.catch(begun.reject);
    await begun.promise;
    const second = all(client.generate({ model: 'tiny', messages: [user('hi')], parameters: parameters({ maxOutputTokens: 2n }) }));
    await expect.poll(() => all(client.generate({ model: 'tiny', messages: [user('hi')], parameters: parameters({ maxOutputTokens: 2n }) })).then(() => undefined, (error: { code: Code }) => error.code)).toBe(Code.ResourceExhausted);
    abort.abort();
    await expect(first).rejects.toMatchObject({ code: Code.Canceled });
    expect(textOf(await second)).toBe('on and');
  });

  it('under way when the server closes may end within its grace, and is stopped then', async () => {
    const { client, model } = await start([' on', ' and'], { isEndless: true });
    const begun = Promise.withResolvers<void>();
    const answer = (async () => {
      for await (const { kind } of client.generate({ model: 'tiny', messages: [user('hi')] })) if (kind.case === 'text') begun.resolve();
    })();
    answer.catch(begun.reject);
    await begun.promise;
    await Promise.all([model.close(0), expect(answer).rejects.toMatchObject({ code: Code.Unavailable })]);
  });

  it('ends at its deadline, and its place is free again', async () => {
    const { client } = await start([' on', ' and'], { isEndless: true });
    await expect(all(client.generate({ model: 'tiny', messages: [user('hi')], parameters: parameters({ responseSchema: '' }) }, { timeoutMs: 100 }))).rejects.toMatchObject({ code: Code.DeadlineExceeded });
    expect(textOf(await all(client.generate({ model: 'tiny', messages: [user('hi')], parameters: parameters({ maxOutputTokens: 1n }) })))).toBe('on');
  });
});

describe('a local model that cannot start', () => {
  const config = (file: string): LocalModelConfig => ({ file, name: 'x', host: '127.0.0.1', port: 0, contextTokens: 256, parallel: 1, waiting: 0, threads: 1, gpu: 'off' });

  it('says that its file is missing', async () => {
    await expect(startLocalModel(config(join(folder, 'none.gguf')))).rejects.toMatchObject({ code: 'model_file_missing' });
  });

  it('says that its library is missing', async () => {
    await expect(loadLlamaLibrary('no-such-library')).rejects.toMatchObject({ code: 'llama_missing', message: expect.stringContaining('npm install') });
  });

  it.skipIf(!isThere)(`says that its file is no model${ABSENT}`, async () => {
    const file = join(folder, 'text.gguf');
    await writeFile(file, 'no model');
    await expect(startLocalModel(config(file))).rejects.toMatchObject({ code: 'model_file_unreadable' });
  });
});
