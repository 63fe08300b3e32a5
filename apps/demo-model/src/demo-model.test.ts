import { request as httpRequest, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoModel, type DemoModel } from './demo-model.module.js';
import { MAX_BODY_BYTES } from './routes/read-body.js';

interface Call {
  readonly index: number;
  readonly id: string;
  readonly type: string;
  readonly function: { readonly name: string; readonly arguments: string };
}
interface Words {
  readonly role?: string;
  readonly content: string | null;
  readonly tool_calls: readonly Call[];
}
/** Of an answer or of a chunk. */
interface Answer {
  readonly id: string;
  readonly model: string;
  readonly choices: readonly { readonly message: Words; readonly delta: Partial<Words>; readonly finish_reason: string | null }[];
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number; readonly total_tokens: number };
}

let model: DemoModel;
beforeAll(async () => {
  model = await startDemoModel({ host: '127.0.0.1', port: 0 });
});
afterAll(() => model.close());

const BOTH = 'what is 17.5% of 1,280, and what time is it in Tokyo?';
const tools = [
  { type: 'function', function: { name: 'math_solver', description: 'calculates', parameters: { type: 'object', properties: { expression: { type: 'string' } }, required: ['expression'] } } },
  { type: 'function', function: { name: 'current_time', parameters: { type: 'object', properties: { timezone: { type: 'string' } } } } },
];
const ask = (text: string, more: object = {}): object => ({ model: 'demo', messages: [{ role: 'user', content: text }], ...more });

async function post(body: unknown, url = `${model.url}/chat/completions`): Promise<{ status: number; json: Answer }> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  return { status: response.status, json: (await response.json()) as Answer };
}
async function stream(body: object): Promise<Answer[]> {
  const response = await fetch(`${model.url}/chat/completions`, { method: 'POST', body: JSON.stringify({ ...body, stream: true }) });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const events = (await response.text()).split('\n\n').filter((event) => event !== '').map((event) => event.replace(/^data: /, ''));
  expect(events.pop()).toBe('[DONE]');
  return events.map((event) => JSON.parse(event) as Answer);
}
const textOf = (chunks: readonly Answer[]): string => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');

describe('a completion', () => {
  it('says in its text and in its fingerprint that a demo model wrote it', async () => {
    const { status, json } = await post(ask('hello'));
    expect(status).toBe(200);
    expect(json).toMatchObject({ object: 'chat.completion', model: 'demo', system_fingerprint: expect.stringContaining('demo'), choices: [{ index: 0, message: { role: 'assistant', refusal: null }, finish_reason: 'stop', logprobs: null }] });
    expect(json.choices[0]!.message.content).toContain('(demo model: fixed rules, no AI)');
    expect(json.usage.total_tokens).toBe(json.usage.prompt_tokens + json.usage.completion_tokens);
    expect(json.usage.completion_tokens).toBeGreaterThan(10);
  });

  it('calls both tools in one message and then tells their results', async () => {
    const first = await post(ask(BOTH, { tools }));
    const { message, finish_reason } = first.json.choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    expect(message.content).toBeNull();
    expect(message.tool_calls.map((call) => [call.type, call.function.name, JSON.parse(call.function.arguments)])).toEqual([
      ['function', 'math_solver', { expression: '17.5 / 100 * 1280' }],
      ['function', 'current_time', { timezone: 'Asia/Tokyo' }],
    ]);
    expect(new Set(message.tool_calls.map((call) => call.id)).size).toBe(2);
    const results = message.tool_calls.map((call, i: number) => ({ role: 'tool', tool_call_id: call.id, content: ['224', '{"text":"noon"}'][i] }));
    const second = await post({ model: 'demo', tools, messages: [{ role: 'user', content: BOTH }, message, ...results] });
    expect(second.json.choices[0]!.message.content).toMatch(/^17\.5% of 1,280 is 224\. In Tokyo it is noon\. \(demo model/);
  });

  it('takes tools whose arguments are of any type, or of none that is named', async () => {
    const parameters = { type: 'object', properties: { anything: {}, whatever: true, either: { anyOf: [{ type: 'string' }, { type: 'null' }] } }, additionalProperties: false };
    expect((await post(ask('hello', { tools: [...tools, { type: 'function', function: { name: 'look', parameters } }] }))).status).toBe(200);
  });

  it('is never longer than it may be', async () => {
    const { json } = await post(ask('hello', { max_completion_tokens: 5 }));
    expect(json.choices[0]!.finish_reason).toBe('length');
    expect(json.usage.completion_tokens).toBe(5);
  });

  it('reads content in parts', async () => {
    const { json } = await post({ model: 'demo', messages: [{ role: 'user', content: [{ type: 'text', text: 'look' }, { type: 'image_url', image_url: { url: 'data:' } }] }] });
    expect(json.choices[0]!.message.content).toContain('1 part that I cannot read');
  });
});

describe('a stream', () => {
  it('is the same answer in pieces, with one id, and usage only when asked for', async () => {
    const whole = await post(ask('hello'));
    const chunks = await stream(ask('hello'));
    expect(textOf(chunks)).toBe(whole.json.choices[0]!.message.content);
    expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1);
    expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
    expect(chunks.at(-1)!.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
    expect(chunks.every((chunk) => !('usage' in chunk))).toBe(true);
    const withUsage = await stream(ask('hello', { stream_options: { include_usage: true } }));
    expect(withUsage.at(-1)).toMatchObject({ choices: [], usage: whole.json.usage });
    expect(withUsage.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  });

  it('has the tool calls by index', async () => {
    const chunks = await stream(ask(BOTH, { tools }));
    const pieces = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(pieces.filter((piece) => piece.id).map((piece) => [piece.index, piece.function.name])).toEqual([[0, 'math_solver'], [1, 'current_time']]);
    expect(JSON.parse(pieces.filter((piece) => piece.index === 1).map((piece) => piece.function.arguments).join(''))).toEqual({ timezone: 'Asia/Tokyo' });
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('tool_calls');
  });

  it('has as many pieces, and takes as long, as the model\'s name says', async () => {
    const started = performance.now();
    const chunks = await stream(ask('hello', { model: 'demo;delay=20;chunks=10;chunkdelay=3' }));
    expect(chunks.filter((chunk) => chunk.choices[0]!.delta.content)).toHaveLength(10);
    expect(performance.now() - started).toBeGreaterThanOrEqual(45);
    expect(chunks[0]!.model).toBe('demo;delay=20;chunks=10;chunkdelay=3');
  });

  it('stops when its reader goes, and the server lives on', async () => {
    const abort = new AbortController();
    const response = await fetch(`${model.url}/chat/completions`, { method: 'POST', signal: abort.signal, body: JSON.stringify(ask('hello', { stream: true, model: 'demo;chunks=100;chunkdelay=5000' })) });
    const reader = response.body?.getReader();
    await reader?.read();
    abort.abort();
    await expect(reader?.read()).rejects.toThrow();
    expect((await post(ask('hello'))).status).toBe(200);
  });
});

describe('the models', () => {
  it('are one, which says what it is', async () => {
    const list = await (await fetch(`${model.url}/models`)).json();
    expect(list).toMatchObject({ object: 'list', data: [{ id: 'demo', object: 'model', created: expect.any(Number), owned_by: 'nexus-demo', description: expect.stringContaining('no AI') }] });
    expect((await fetch(`${model.url}/models/demo`)).status).toBe(200);
    expect((await fetch(`${model.url}/models/demo%3Bdelay%3D1`)).status).toBe(200);
    expect((await fetch(`${model.url}/models/%ff`)).status).toBe(404);
  });
});

describe('a bad request', () => {
  it.each([
    ['no JSON', '{', 400, 'invalid_json', null],
    ['no object', '[]', 400, 'invalid_request', null],
    ['no messages', ask('x', { messages: [] }), 400, 'invalid_request', 'messages'],
    ['a strange role', ask('x', { messages: [{ role: 'robot', content: 'x' }] }), 400, 'invalid_request', 'messages[0].role'],
    ['no content', ask('x', { messages: [{ role: 'user' }] }), 400, 'invalid_request', 'messages[0].content'],
    ['another model', ask('x', { model: 'gpt-4o' }), 404, 'model_not_found', 'model'],
    ['a strange option', ask('x', { model: 'demo;speed=9' }), 400, 'invalid_model_option', 'model'],
    ['a choice without tools', ask('x', { tool_choice: 'required' }), 400, 'invalid_request', 'tool_choice'],
    ['a choice of an unknown tool', ask('x', { tools, tool_choice: { type: 'function', function: { name: 'other' } } }), 400, 'invalid_request', 'tool_choice'],
    ['two answers at once', ask('x', { n: 2 }), 400, 'invalid_request', 'n'],
    ['a schema to follow', ask('x', { response_format: { type: 'json_schema', json_schema: {} } }), 400, 'invalid_request', 'response_format.type'],
    ['no room for an answer', ask('x', { max_tokens: 0 }), 400, 'invalid_request', 'max_tokens'],
  ])('with %s is refused in OpenAI\'s shape, and the next one is answered', async (_, body, status, code, param) => {
    const refused = await post(body);
    expect(refused).toMatchObject({ status, json: { error: { message: expect.any(String), type: expect.any(String), code, param } } });
    expect((await post(ask('hello'))).status).toBe(200);
  });

  it('for a path or a method that is not there is refused', async () => {
    expect(await post({}, `${model.url}/embeddings`)).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } });
    expect(await post({}, `${model.url}/models`)).toMatchObject({ status: 405, json: { error: { code: 'method_not_allowed' } } });
    expect((await fetch(`http://127.0.0.1:${model.port}/`)).status).toBe(404);
  });

  it.each(['with its length', 'in chunks'])('that is too large is refused before it is read, sent %s', async (how) => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = how === 'in chunks' ? { 'transfer-encoding': 'chunked' } : { 'content-length': MAX_BODY_BYTES + 1 };
      const request = httpRequest(`${model.url}/chat/completions`, { method: 'POST', headers }, resolve);
      request.on('error', reject);
      if (how === 'in chunks') for (let i = 0; i < 11; i++) request.write(Buffer.alloc(1024 * 1024, 0x20));
      else request.flushHeaders();
    });
    response.resume();
    expect(response.statusCode).toBe(413);
    expect(response.headers.connection).toBe('close');
    response.destroy();
    expect((await post(ask('hello'))).status).toBe(200);
  });
});

describe('close', () => {
  it('lets an answer under way finish, though connections are kept open', async () => {
    const other = await startDemoModel({ host: '127.0.0.1', port: 0 });
    await (await fetch(`${other.url}/models`)).json();
    const pending = fetch(`${other.url}/chat/completions`, { method: 'POST', body: JSON.stringify(ask('hello', { model: 'demo;delay=100' })) }).then((response) => response.json());
    // The request is under way once the server has its connection.
    await expect.poll(() => fetch(`${other.url}/models`).then((response) => response.status)).toBe(200);
    await other.close();
    expect(((await pending) as Answer).choices[0]!.message.content).toContain('demo model');
    await other.close();
    await expect(fetch(`${other.url}/models`)).rejects.toThrow();
  });

  it('does not wait for ever', async () => {
    const other = await startDemoModel({ host: '127.0.0.1', port: 0 });
    const response = await fetch(`${other.url}/chat/completions`, { method: 'POST', body: JSON.stringify(ask('hello', { stream: true, model: 'demo;chunks=50;chunkdelay=5000' })) });
    const reading = response.text().catch(() => 'cut');
    const started = performance.now();
    await other.close();
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await reading).toBe('cut');
  });

  it('rejects a start on a port that is taken', async () => {
    await expect(startDemoModel({ host: '127.0.0.1', port: model.port })).rejects.toThrow(/EADDRINUSE/);
  });
});
