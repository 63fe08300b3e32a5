import { Code, ConnectError, type HandlerContext } from '@connectrpc/connect';
import { ErrorSchema, FinishReason, Role } from '@nexus/contracts';
import type { AnswerEvent, ModelRequest } from '@nexus/wires';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderTarget } from '../../domain/provider-target.js';
import type { Completed, Failed, ProviderOutcome } from '../provider-outcome.js';
import { LocalModelClient } from './local-model-client.js';
import { startLocalServer, type LocalServer, type Said } from './local-server.fixture.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const it of opened.splice(0)) await it.close();
});

const request = (more: Partial<ModelRequest> = {}): ModelRequest => ({ model: 'tiny', isStream: true, messages: [{ role: 'user', parts: [{ kind: 'text', text: 'hi there' }] }], tools: [], stop: [], ...more });
const start: Said = { case: 'start', value: { id: 'r1', model: 'tiny-2' } };
const text = (value: string): Said => ({ case: 'text', value });
const usage: Said = { case: 'usage', value: { input: 9n, cached: 4n, output: 3n } };
const finish: Said = { case: 'finish', value: { reason: FinishReason.STOP, stopSequence: '' } };

interface Asked {
  readonly outcome: ProviderOutcome;
  readonly events: readonly AnswerEvent[][];
  readonly server: LocalServer;
}

async function serve(answer: (context: HandlerContext) => AsyncIterable<Said>, timeouts: Partial<ProviderTarget['timeouts']> = {}): Promise<{ server: LocalServer; client: LocalModelClient }> {
  const server = await startLocalServer((_, context) => answer(context), timeouts);
  const client = new LocalModelClient();
  opened.push({ close: () => client.close() }, { close: () => server.kill() });
  return { server, client };
}

async function ask(answer: (context: HandlerContext) => AsyncIterable<Said>, more: { request?: Partial<ModelRequest>; signal?: AbortSignal; onPart?: () => void; timeouts?: Partial<ProviderTarget['timeouts']> } = {}): Promise<Asked> {
  const { server, client } = await serve(answer, more.timeouts);
  const events: AnswerEvent[][] = [];
  const outcome = await client.complete(
    { target: server.target, endpoint: 'local', attemptId: 'a1', request: request(more.request) },
    { ...(more.signal && { signal: more.signal }), onPart: (_json, _chunk, _event, said) => (events.push([...said]), more.onPart?.()) },
  );
  return { outcome, events, server };
}

async function* all(...said: readonly Said[]): AsyncGenerator<Said> {
  yield* said;
}

/** Goes on until the call is gone. */
async function* stuckAfter(context: HandlerContext, ...said: readonly Said[]): AsyncGenerator<Said> {
  yield* said;
  await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
}

function completed(outcome: ProviderOutcome): Completed {
  if (outcome.kind === 'failed') throw outcome.error;
  return outcome;
}

function failed(outcome: ProviderOutcome): Failed {
  if (outcome.kind === 'completed') throw new Error('it was answered');
  return outcome;
}

describe('an answer of a local model', () => {
  it('is handed on as it comes, from its first piece on', async () => {
    const { outcome, events } = await ask(() => all(start, { case: 'reasoning', value: 'hm' }, text('Hel'), text('lo'), usage, finish));
    expect(events.map((said) => said.map(({ kind }) => kind))).toEqual([['start', 'reasoning'], ['text'], ['text'], ['usage'], ['finish']]);
    expect(completed(outcome)).toMatchObject({ id: 'r1', model: 'tiny-2', finishReason: 'stop', body: undefined, usage: { input: 5, cacheRead: 4, output: 3, estimated: false } });
    expect(completed(outcome).answer().parts).toEqual([{ kind: 'reasoning', text: 'hm' }, { kind: 'text', text: 'Hello' }]);
  });

  it('is whole where no stream was asked for', async () => {
    const { outcome, events } = await ask(() => all(start, text('Hello'), finish), { request: { isStream: false } });
    expect(events).toEqual([]);
    expect(JSON.parse(completed(outcome).body?.toString() ?? '')).toMatchObject({ parts: [{ kind: 'text', text: 'Hello' }] });
    expect(completed(outcome).usage).toMatchObject({ estimated: true });
  });

  it('may be calls that grow side by side', async () => {
    const call = (index: number, args: string, named?: { id: string; name: string }): Said => ({ case: 'toolCall', value: { index, arguments: args, ...named } });
    const { outcome } = await ask(() => all(start, text('Look:'), call(0, '{"a":', { id: 'x', name: 'f' }), call(1, '{}', { id: 'y', name: 'g' }), call(0, '1}'), { case: 'finish', value: { reason: FinishReason.TOOL_CALLS } }));
    expect(completed(outcome).answer()).toMatchObject({
      finishReason: 'tool_calls',
      parts: [{ kind: 'text', text: 'Look:' }, { kind: 'tool_call', id: 'x', name: 'f', arguments: '{"a":1}' }, { kind: 'tool_call', id: 'y', name: 'g', arguments: '{}' }],
    });
  });
});

it('says everything that was asked for', async () => {
  const { server } = await ask(() => all(start, finish), {
    request: {
      messages: [
        { role: 'system', parts: [{ kind: 'text', text: 'be brief' }] },
        { role: 'user', parts: [{ kind: 'image', source: { base64: 'AAA', mediaType: 'image/png' } }] },
        { role: 'assistant', parts: [{ kind: 'tool_call', id: 'x', name: 'f', arguments: '{}', signature: 'foreign' }] },
        { role: 'tool', parts: [{ kind: 'tool_result', callId: 'x', isError: true, parts: [{ kind: 'text', text: 'broken' }] }] },
      ],
      tools: [{ name: 'f', description: 'does f', parameters: { type: 'object' } }],
      toolChoice: { kind: 'tool', name: 'f' },
      maxOutputTokens: 7, temperature: 0.5, topP: 0.9, topK: 3, seed: 11, stop: ['x'], presencePenalty: 0.25,
      responseFormat: { kind: 'schema', name: 's', schema: { type: 'string' }, isStrict: true },
      reasoning: { effort: 'none' },
    },
  });
  expect(server.received).toMatchObject([
    {
      model: 'tiny', callId: 'a1', topK: 3, presencePenalty: 0.25,
      messages: [
        { role: Role.SYSTEM, parts: [{ kind: { case: 'text', value: 'be brief' } }] },
        { role: Role.USER, parts: [{ kind: { case: 'image', value: { url: 'data:image/png;base64,AAA' } } }] },
        { role: Role.ASSISTANT, parts: [{ kind: { case: 'toolCall', value: { id: 'x', name: 'f', arguments: '{}' } }, signature: '' }] },
        { role: Role.TOOL, parts: [{ kind: { case: 'toolResult', value: { callId: 'x', text: 'broken', isError: true } } }] },
      ],
      tools: [{ name: 'f', description: 'does f', parameters: '{"type":"object"}' }],
      parameters: { maxOutputTokens: 7n, temperature: 0.5, topP: 0.9, seed: 11n, stop: ['x'], toolChoice: 'f', responseSchema: '{"type":"string"}', reasoningEffort: 'none' },
    },
  ]);
});

describe('a call of a local model fails', () => {
  it('where nobody listens: another model may be asked, and it costs nothing', async () => {
    const { server, client } = await serve(() => all(start, text('x'), finish));
    const call = { target: server.target, endpoint: 'local', request: request() } as const;
    completed(await client.complete(call, {}));
    await server.kill();
    expect(failed(await client.complete(call, {}))).toMatchObject({ wasSent: false, partial: undefined, usage: undefined, error: { code: 'connection', isRetryable: true, charge: 'none', message: 'local: cannot be reached (ECONNREFUSED)' } });
    await expect(client.tellModels(server.target, AbortSignal.timeout(1_000))).rejects.toMatchObject({ code: 'connection' });
  });

  it('whose plug is pulled before the first piece: as if it had never been made', async () => {
    const { server, client } = await serve((context) => stuckAfter(context, start));
    const outcome = client.complete({ target: server.target, endpoint: 'local', request: request() }, {});
    await expect.poll(() => server.received.length).toBe(1);
    await server.kill();
    expect(failed(await outcome)).toMatchObject({ partial: undefined, error: { code: 'server_error', isRetryable: true, charge: 'none' } });
  });

  it('whose plug is pulled later: what came is kept, and nobody else is asked', async () => {
    const { server, client } = await serve((context) => stuckAfter(context, start, text('Hel')));
    const begun = Promise.withResolvers<void>();
    const outcome = client.complete({ target: server.target, endpoint: 'local', request: request() }, { onPart: () => begun.resolve() });
    await begun.promise;
    await server.kill();
    expect(failed(await outcome)).toMatchObject({ partial: [{ kind: 'text', text: 'Hel' }], usage: { estimated: true }, error: { code: 'cut_stream', isRetryable: false, charge: 'estimated' } });
  });

  it.each([
    [Code.NotFound, { code: 'not_found', isRetryable: false }],
    [Code.InvalidArgument, { code: 'invalid_request', isRetryable: false, status: 400 }],
    [Code.OutOfRange, { code: 'context_length', isRetryable: false }],
    [Code.ResourceExhausted, { code: 'overloaded', isRetryable: true }],
    [Code.Unavailable, { code: 'overloaded', isRetryable: true }],
    [Code.Internal, { code: 'server_error', isRetryable: true }],
    [Code.Unimplemented, { code: 'bad_response', isRetryable: false }],
  ])('with the status %s', async (code, error) => {
    const { outcome } = await ask(async function* () {
      yield start;
      throw new ConnectError('the words of the server', code, undefined, [{ desc: ErrorSchema, value: { code: 'why', message: 'the words of the server', retryAfterMs: 500n } }]);
    });
    expect(failed(outcome)).toMatchObject({ wasSent: true, error: { ...error, charge: 'none', message: 'local: the words of the server', upstreamCode: 'why', retryAfterMs: 500 } });
  });

  it('with what this server cannot do, and another may', async () => {
    const { outcome } = await ask(async function* () {
      yield start;
      throw new ConnectError('no pictures', Code.InvalidArgument, undefined, [{ desc: ErrorSchema, value: { code: 'unsupported_value', message: 'no pictures' } }]);
    });
    expect(failed(outcome).error).toMatchObject({ code: 'unsupported_value', status: 400, charge: 'none' });
  });

  it('that ends before its answer does', async () => {
    expect(failed((await ask(() => all(start))).outcome).error).toMatchObject({ code: 'bad_response', charge: 'none' });
    expect(failed((await ask(() => all(start, text('Hel')))).outcome)).toMatchObject({ partial: [{ text: 'Hel' }], error: { code: 'cut_stream', charge: 'estimated' } });
  });

  it('that is silent for too long, at its beginning and later', async () => {
    const first = await ask((context) => stuckAfter(context), { timeouts: { firstByteMs: 50 } });
    expect(failed(first.outcome).error).toMatchObject({ code: 'timeout', isRetryable: true, charge: 'none' });
    const later = await ask((context) => stuckAfter(context, start, text('Hel')), { timeouts: { idleMs: 50 } });
    expect(failed(later.outcome)).toMatchObject({ partial: [{ text: 'Hel' }], error: { code: 'timeout', isRetryable: false, charge: 'estimated' } });
    const whole = await ask((context) => stuckAfter(context, start), { timeouts: { totalMs: 50 } });
    expect(failed(whole.outcome).error).toMatchObject({ code: 'timeout' });
  });

  it('that nobody waits for any more: the model is stopped', async () => {
    const abort = new AbortController();
    let isStopped = false;
    const { outcome } = await ask(
      (context) => {
        context.signal.addEventListener('abort', () => (isStopped = true));
        return stuckAfter(context, start, text('some words'));
      },
      { signal: abort.signal, onPart: () => abort.abort() },
    );
    expect(failed(outcome)).toMatchObject({ partial: [{ text: 'some words' }], error: { code: 'cancelled', charge: 'estimated' } });
    await expect.poll(() => isStopped).toBe(true);
  });

  it('that nobody waited for: it is never sent', async () => {
    const { outcome, server } = await ask(() => all(start, finish), { signal: AbortSignal.abort() });
    expect(failed(outcome)).toMatchObject({ wasSent: false, error: { code: 'cancelled', charge: 'none' } });
    expect(server.received).toEqual([]);
  });

  it('for what a local model cannot be asked', async () => {
    const { outcome } = await ask(() => all(start, finish), { request: { messages: [{ role: 'user', parts: [{ kind: 'audio', base64: 'A', format: 'wav' }] }] } });
    expect(failed(outcome)).toMatchObject({ wasSent: false, error: { code: 'unsupported_value', charge: 'none', isRetryable: false, message: 'local: A local model takes no audio.' } });
  });
});

it('tells what a server has, and what that can do', async () => {
  const { server, client } = await serve(() => all(finish));
  expect(await client.tellModels(server.target, AbortSignal.timeout(5_000))).toEqual([
    { name: 'tiny', contextWindow: 4_096, abilities: { tools: true, vision: false, jsonSchema: true, reasoning: false, files: false, audio: false } },
    { name: 'small', abilities: { tools: false, vision: false, jsonSchema: false, reasoning: false, files: false, audio: false } },
  ]);
});
