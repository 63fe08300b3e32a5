import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Failed, ProviderOutcome } from '../provider-outcome.js';
import { chat, chunkEvent, completionJson, startLocalUpstream, textIn, type LocalUpstream } from './local-upstream.fixture.js';
import { HttpClient } from './http-client.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const it of opened.splice(0).reverse()) await it.close();
});

/** Calls a server that answers with an event stream which `write` fills. */
async function stream(write: (response: ServerResponse) => void, options: { signal?: AbortSignal; idleMs?: number; onPart?: (text: string, upstream: LocalUpstream) => void } = {}): Promise<{ outcome: ProviderOutcome; parts: string[] }> {
  const upstream = await startLocalUpstream((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    write(response);
  });
  const client = new HttpClient();
  opened.push(upstream, client);
  const parts: string[] = [];
  const onPart = (json: Buffer): void => {
    parts.push(json.toString());
    options.onPart?.(json.toString(), upstream);
  };
  const target = { ...upstream.target, timeouts: { ...upstream.target.timeouts, ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }) } };
  const body = Buffer.from('{"model":"m","stream":true,"messages":[{"role":"user","content":"hello there, how are you"}]}');
  const outcome = await client.complete({ ...chat, target, body, stream: true }, { onPart, ...(options.signal ? { signal: options.signal } : {}) });
  return { outcome, parts };
}
function failed(outcome: ProviderOutcome): Failed {
  if (outcome.kind !== 'failed') throw new Error('the call was answered');
  return outcome;
}
const usageEvent = 'data: {"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}\n\n';

describe('a stream', () => {
  it('hands its JSON out byte by byte as it came, and is known as a whole at the end', async () => {
    const odd = '{ "id":"chatcmpl-1",  "choices":[ {"index":0,"delta":{"content":"\\u0047ruß"},"finish_reason":null} ], "own_field": 1.50 }';
    const { outcome, parts } = await stream((response) => response.end(`: hello\n\ndata: ${odd}\n\n${chunkEvent('!')}${chunkEvent(undefined, 'stop')}${usageEvent}data: [DONE]\n\n`));
    expect(parts[0]).toBe(odd);
    expect(parts).toHaveLength(4);
    expect(outcome).toMatchObject({ kind: 'completed', body: undefined, id: 'chatcmpl-1', model: 'm-2026', finishReason: 'stop', usage: { input: 7, output: 2, estimated: false } });
    expect(outcome.kind === 'completed' && textIn(outcome.answer())).toBe('Gruß!');
  });

  it('hands a part out before the rest is written', async () => {
    let finish: (() => void) | undefined;
    const { outcome, parts } = await stream(
      (response) => {
        response.write(chunkEvent('first'));
        finish = () => response.end(`${chunkEvent('second')}${chunkEvent(undefined, 'stop')}data: [DONE]\n\n`);
      },
      { onPart: (text) => text.includes('first') && finish?.() },
    );
    expect(outcome.kind).toBe('completed');
    expect(parts).toHaveLength(3);
  });

  it('is whole without [DONE] when the model has said why it stopped', async () => {
    const { outcome } = await stream((response) => response.end(chunkEvent('x') + chunkEvent(undefined, 'length')));
    expect(outcome).toMatchObject({ kind: 'completed', finishReason: 'length', usage: { estimated: true } });
  });

  it('is settled at [DONE], though the connection stays open', async () => {
    const { outcome } = await stream((response) => response.write(`${chunkEvent('x', 'stop')}${usageEvent}data: [DONE]\n\n`));
    expect(outcome.kind).toBe('completed');
  });
});

describe('a stream that breaks', () => {
  it('by a lost connection: is cut, and what came is counted as an estimate', async () => {
    const { outcome, parts } = await stream((response) => {
      response.write(chunkEvent('one two three four') + chunkEvent(' five'), () => response.destroy());
    });
    expect(parts).toHaveLength(2);
    expect(failed(outcome)).toMatchObject({
      wasSent: true,
      error: { code: 'cut_stream', isRetryable: false, charge: 'estimated' },
      usage: { input: expect.any(Number) as number, output: 6, cacheRead: 0, cacheWrite: 0, estimated: true },
      partial: [{ kind: 'text', text: 'one two three four five' }],
    });
    expect(failed(outcome).usage?.input).toBeGreaterThan(5);
  });

  it.each([
    ['between two parts', chunkEvent('one')],
    ['in the midst of a part', chunkEvent('one') + chunkEvent('two').slice(0, 60)],
    ['in the midst of a character', Buffer.concat([Buffer.from(chunkEvent('one')), Buffer.from(chunkEvent('ü')).subarray(0, -60)])],
  ])('by an early end %s: is cut', async (_, bytes) => {
    const { outcome, parts } = await stream((response) => response.end(bytes));
    expect(parts).toEqual([chunkEvent('one').slice(6, -2)]);
    expect(failed(outcome)).toMatchObject({ error: { code: 'cut_stream', charge: 'estimated' }, partial: [{ kind: 'text', text: 'one' }], usage: { estimated: true } });
  });

  it('after its usage: keeps the usage that the provider told', async () => {
    const { outcome } = await stream((response) => response.write(`${chunkEvent('x', 'stop')}${usageEvent}`, () => response.destroy()));
    expect(failed(outcome)).toMatchObject({ error: { code: 'cut_stream' }, usage: { input: 7, output: 2, estimated: false } });
  });

  it('with an error of the provider: tells it, and does not offer a second try', async () => {
    const { outcome } = await stream((response) => response.end(`${chunkEvent('x')}data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n`));
    expect(failed(outcome)).toMatchObject({ error: { code: 'overloaded', isRetryable: false, charge: 'estimated', message: 'local: Overloaded' }, partial: [{ kind: 'text', text: 'x' }] });
  });

  it('with an error before its first part: may be tried again, and costs nothing', async () => {
    const { outcome, parts } = await stream((response) => response.end('data: {"error":{"message":"Overloaded","type":"overloaded_error"}}\n\n'));
    expect(failed(outcome)).toMatchObject({ error: { code: 'overloaded', isRetryable: true, charge: 'none' }, partial: undefined, usage: undefined });
    expect(parts).toEqual([]);
  });

  it('with nonsense, or with nothing: is a bad response', async () => {
    expect(failed((await stream((response) => response.end(`${chunkEvent('x')}data: {oops\n\n${chunkEvent('y')}`))).outcome)).toMatchObject({ error: { code: 'bad_response', charge: 'estimated' }, partial: [{ kind: 'text', text: 'x' }] });
    expect(failed((await stream((response) => response.end('data: [DONE]\n\n'))).outcome).error).toMatchObject({ code: 'bad_response', charge: 'unknown' });
    expect(failed((await stream((response) => response.end())).outcome).error).toMatchObject({ code: 'bad_response', charge: 'unknown' });
  });

  it('by silence: is a timeout', async () => {
    const { outcome } = await stream((response) => response.write(chunkEvent('x')), { idleMs: 50 });
    expect(failed(outcome)).toMatchObject({ error: { code: 'timeout', isRetryable: false, charge: 'estimated' }, partial: [{ kind: 'text', text: 'x' }] });
  });

  it('by its caller: the upstream call stops and what came is counted', async () => {
    const abort = new AbortController();
    let isGone = false;
    const { outcome } = await stream(
      (response) => {
        response.on('close', () => (isGone = true));
        response.write(chunkEvent('some words'));
      },
      { signal: abort.signal, onPart: () => abort.abort() },
    );
    expect(failed(outcome)).toMatchObject({ error: { code: 'cancelled', charge: 'estimated' }, usage: { output: 3, estimated: true }, partial: [{ kind: 'text', text: 'some words' }] });
    await expect.poll(() => isGone).toBe(true);
  });
});

it('uses a connection again after a whole stream', async () => {
  let calls = 0;
  const upstream = await startLocalUpstream((response) => {
    calls++;
    response.writeHead(200, { 'content-type': calls === 1 ? 'text/event-stream' : 'application/json' }).end(calls === 1 ? `${chunkEvent('x', 'stop')}data: [DONE]\n\n` : completionJson('y'));
  });
  const client = new HttpClient();
  opened.push(upstream, client);
  let connections = 0;
  upstream.server.on('connection', () => connections++);
  expect((await client.complete({ ...chat, target: upstream.target, body: {}, stream: true })).kind).toBe('completed');
  // The socket is free once its last bytes were read, which is a moment after [DONE].
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect((await client.complete({ ...chat, target: upstream.target, body: {}, stream: false })).kind).toBe('completed');
  expect(connections).toBe(1);
});
