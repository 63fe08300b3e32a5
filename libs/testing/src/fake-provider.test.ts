import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFakeProvider, type FakeProvider } from './fake-provider.js';
import { waitFor } from './wait-for.js';

let provider: FakeProvider;
beforeEach(async () => {
  provider = await startFakeProvider({ models: ['fake-a', 'fake-b'] });
});
afterEach(() => provider.close());

function ask(body: object = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${provider.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer key' },
    body: JSON.stringify({ model: 'fake-a', messages: [{ role: 'user', content: 'hello there' }], ...body }),
    signal,
  });
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string; readonly tool_calls?: readonly { readonly index: number; readonly function: { readonly arguments: string } }[] }; readonly finish_reason: string | null }[];
  readonly usage?: object;
}

/** The chunks of a stream that ends as it should. */
async function chunks(response: Response): Promise<Chunk[]> {
  const lines = (await response.text()).split('\n\n').filter((line) => line !== '');
  expect(lines.pop()).toBe('data: [DONE]');
  return lines.map((line): Chunk => JSON.parse(line.replace(/^data: /, '')));
}

it('repeats the last user message, and records what it was asked', async () => {
  const answer = await (await ask({ temperature: 0.5 })).json();
  expect(answer).toMatchObject({ object: 'chat.completion', model: 'fake-a', choices: [{ message: { role: 'assistant', content: 'hello there' }, finish_reason: 'stop' }], usage: { completion_tokens: 3 } });
  expect(provider.requests).toMatchObject([{ path: '/v1/chat/completions', headers: { authorization: 'Bearer key' }, body: { model: 'fake-a', temperature: 0.5 }, isAborted: false }]);
  const parts = [{ type: 'text', text: 'a' }, { type: 'image_url', image_url: { url: 'x' } }, { type: 'text', text: 'b' }];
  expect(await (await ask({ messages: [{ role: 'user', content: parts }] })).json()).toMatchObject({ choices: [{ message: { content: 'ab' } }] });
});

it('streams word by word, with usage when asked for it', async () => {
  const plain = await chunks(await ask({ stream: true }));
  expect(plain.map((chunk) => chunk.choices[0]?.delta.content ?? '')).toEqual(['', 'hello ', 'there', '']);
  expect(plain.at(-1)).toMatchObject({ choices: [{ delta: {}, finish_reason: 'stop' }] });
  expect(plain.filter((chunk) => chunk.usage !== undefined)).toEqual([]);

  const counted = await chunks(await ask({ stream: true, stream_options: { include_usage: true } }));
  expect(counted.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 3 } });
  provider.reply({ text: 'x', usage: null });
  const uncounted = await chunks(await ask({ stream: true, stream_options: { include_usage: true } }));
  expect(uncounted.filter((chunk) => chunk.usage !== undefined)).toEqual([]);
});

it('follows a script, whose last reply stays', async () => {
  const calls = [{ name: 'current_time', arguments: { timezone: 'Asia/Tokyo' } }, { id: 'x', name: 'math_solver', arguments: '{"broken' }];
  provider.reply({ toolCalls: calls }, ({ body }) => ({ text: `after ${body.messages.length}`, usage: { prompt_tokens: 5, completion_tokens: 2 } }));
  expect(await (await ask()).json()).toMatchObject({
    choices: [{ finish_reason: 'tool_calls', message: { content: null, tool_calls: [{ id: 'call_1', function: { name: 'current_time', arguments: '{"timezone":"Asia/Tokyo"}' } }, { id: 'x', function: { arguments: '{"broken' } }] } }],
  });
  for (let i = 0; i < 2; i++) {
    expect(await (await ask()).json()).toMatchObject({ choices: [{ message: { content: 'after 1' } }], usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } });
  }

  provider.reply({ toolCalls: calls });
  const deltas = (await chunks(await ask({ stream: true }))).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
  expect(deltas[0]).toMatchObject({ index: 0, id: 'call_1', function: { name: 'current_time' } });
  expect(deltas.filter(({ index }) => index === 1).map((delta) => delta.function.arguments).join('')).toBe('{"broken');
});

it('lists its models, and refuses what is not its protocol', async () => {
  expect(await (await fetch(`${provider.url}/models`)).json()).toMatchObject({ object: 'list', data: [{ id: 'fake-a' }, { id: 'fake-b' }] });
  expect((await fetch(`${provider.url}/elsewhere`)).status).toBe(404);
  expect((await ask({ messages: 'hi' })).status).toBe(400);
  expect(provider.requests).toEqual([]);
});

it('answers with errors, headers and bodies of any kind', async () => {
  provider.reply({ status: 429, headers: { 'retry-after': '2' } }, { status: 500, text: 'broken' }, { body: '<html>' });
  const limited = await ask({ stream: true });
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '2']);
  expect(await limited.json()).toMatchObject({ error: { type: 'rate_limit_error' } });
  expect(await (await ask()).json()).toMatchObject({ error: { message: 'broken', type: 'server_error' } });
  expect(await (await ask({ stream: true })).text()).toBe('<html>');
});

it('cuts a stream and a body in the middle', async () => {
  provider.reply({ chunks: ['a', 'b', 'c'], cutAfterChunks: 2 });
  const stream = await ask({ stream: true });
  let seen = '';
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const bytes of stream.body ?? []) seen += decoder.decode(bytes, { stream: true });
  };
  await expect(read()).rejects.toThrow();
  expect(seen).toContain('"content":"a"');
  expect(seen).not.toContain('"content":"b"');
  await expect((await ask()).text()).rejects.toThrow();
  expect(provider.requests.map(({ isAborted }) => isAborted)).toEqual([false, false]);
});

it('hangs before or after its headers until the client leaves, which it notices', async () => {
  const leave = new AbortController();
  provider.reply({ hang: 'before-headers' }, { hang: 'after-headers' });
  const never = ask({}, leave.signal);
  await waitFor(() => provider.requests.length === 1);
  expect((await ask({}, leave.signal)).status).toBe(200);
  leave.abort();
  await expect(never).rejects.toThrow();
  await waitFor(() => provider.requests.every(({ isAborted }) => isAborted));
});

it('takes its time', async () => {
  provider.reply({ text: 'a b', delayMs: 60, chunkDelayMs: 20 });
  const start = performance.now();
  const response = await ask({ stream: true });
  expect(performance.now() - start).toBeGreaterThan(55);
  await response.text();
  expect(performance.now() - start).toBeGreaterThan(120);
});

it('remembers each attempt by its id, with what it charges for it, whether or not the client heard the answer', async () => {
  const askAs = (id: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${provider.url}/chat/completions`, {
      method: 'POST', headers: { 'x-client-request-id': id }, body: JSON.stringify({ model: 'fake-a', messages: [{ role: 'user', content: 'hello there' }] }), signal,
    });
  const account = async (id: string) => (await fetch(`${provider.url}/attempts/${id}`)).json();
  expect((await fetch(`${provider.url}/attempts/nobody`)).status).toBe(404);

  const usage = { prompt_tokens: 7, completion_tokens: 3 };
  const leave = new AbortController();
  provider.reply({ text: 'a', usage }, { status: 500 }, { text: 'b', usage, hang: 'before-headers' });
  await (await askAs('heard')).text();
  await (await askAs('refused')).text();
  const never = askAs('unheard', leave.signal);
  await waitFor(async () => (await account('heard') as { status: string }).status === 'completed');
  expect(await account('heard')).toEqual({ status: 'completed', usage: { ...usage, total_tokens: 10 } });
  expect(await account('refused')).toEqual({ status: 'failed' });
  await waitFor(() => provider.attempts.has('unheard'));
  expect(await account('unheard')).toEqual({ status: 'in_progress' });
  leave.abort();
  await expect(never).rejects.toThrow();
  await waitFor(() => provider.attempts.get('unheard')?.status === 'completed');
  expect(provider.attempts.get('unheard')).toMatchObject({ usage, requests: 1 });

  provider.reply({ text: 'again' });
  await (await askAs('heard')).text();
  expect(provider.attempts.get('heard')?.requests).toBe(2);
});

it('embeds, a vector an input', async () => {
  const embed = async (body: object): Promise<unknown> => (await fetch(`${provider.url}/embeddings`, { method: 'POST', body: JSON.stringify({ model: 'fake-a', ...body }) })).json();
  expect(await embed({ input: ['four', 'sixsix'] })).toMatchObject({ data: [{ index: 0, embedding: [4, 0.5, -0.25] }, { index: 1, embedding: [6, 0.5, -0.25] }], usage: { prompt_tokens: 3 } });
  const { data } = (await embed({ input: [1, 2, 3], encoding_format: 'base64' })) as { data: { embedding: string }[] };
  expect([...new Float32Array(new Uint8Array(Buffer.from(data[0]?.embedding ?? '', 'base64')).buffer)]).toEqual([3, 0.5, -0.25]);
  expect(await embed({})).toMatchObject({ error: { type: 'invalid_request_error' } });
});
