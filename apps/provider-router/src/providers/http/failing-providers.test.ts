import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Failed, ProviderOutcome } from '../provider-outcome.js';
import { HttpClient } from './http-client.js';
import { localTarget, startLocalUpstream, textIn, type LocalUpstream } from './local-upstream.fixture.js';
import { wireSamples, type WireSample } from './wire-samples.fixture.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const it of opened.splice(0).reverse()) await it.close();
});

type Modes = { isStream?: boolean; isPassthrough?: boolean; firstByteMs?: number; idleMs?: number };

function call(port: number, sample: WireSample, { isStream = false, isPassthrough = false, ...timeouts }: Modes, onPart: (text: string) => void = () => undefined): Promise<ProviderOutcome> {
  const client = new HttpClient();
  opened.push(client);
  const target = { ...localTarget(port, timeouts), kind: sample.kind };
  return client.complete({ target, endpoint: sample.endpoint, model: 'models-own-name', isPassthrough, body: sample.request, stream: isStream }, { onPart: (json) => onPart(json.toString()) });
}

/** Calls a server that answers so. */
async function answered(sample: WireSample, answer: (response: ServerResponse) => void, modes: Modes = {}): Promise<{ outcome: ProviderOutcome; parts: string[]; upstream: LocalUpstream }> {
  const upstream = await startLocalUpstream(answer);
  opened.push(upstream);
  const parts: string[] = [];
  const outcome = await call(Number(new URL(upstream.target.baseUrl).port), sample, modes, (text) => parts.push(text));
  return { outcome, parts, upstream };
}
const streaming = (events: readonly string[], end: (response: ServerResponse) => void = (response) => response.end()) => (response: ServerResponse): void => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  if (events.length === 0) response.flushHeaders();
  for (const event of events) response.write(event);
  end(response);
};
const json = (status: number, body: unknown, headers: Record<string, string> = {}) => (response: ServerResponse): void => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(typeof body === 'string' ? body : JSON.stringify(body));
};
const stays = (): void => undefined;
function failed(outcome: ProviderOutcome): Failed {
  if (outcome.kind !== 'failed') throw new Error('the call was answered');
  return outcome;
}

describe.each(wireSamples.map((sample) => [sample.endpoint, sample] as const))('%s', (_, sample) => {
  const { opening, pieces, ending, whole, overloaded, spoken } = sample;

  it('is asked at its own address, with its key in its own header', async () => {
    const { outcome, upstream } = await answered(sample, json(200, whole));
    const [request] = upstream.received;
    const paths = { chat: '/v1/chat/completions', messages: '/v1/messages', responses: '/v1/responses', gemini: '/v1/models/models-own-name:generateContent' };
    const keys = { chat: 'authorization', messages: 'x-api-key', responses: 'authorization', gemini: 'x-goog-api-key' };
    expect(request?.path).toBe(paths[sample.endpoint]);
    expect(request?.headers[keys[sample.endpoint]]).toMatch(/^(?:Bearer )?sk-local-secret$/);
    expect(Object.values(request?.headers ?? {}).filter((value) => String(value).includes('sk-local-secret'))).toHaveLength(1);
    expect(request?.headers['anthropic-version']).toBe(sample.endpoint === 'messages' ? '2023-06-01' : undefined);
    expect(outcome).toMatchObject({ kind: 'completed', model: 'm-2026', finishReason: 'stop', usage: { input: 10, output: 5, estimated: false } });
    expect(outcome.kind === 'completed' && textIn(outcome.answer())).toBe('hello');
  });

  it.each([false, true])('streams, and says the same (passed on as it is: %s)', async (isPassthrough) => {
    const { outcome, parts, upstream } = await answered(sample, streaming([...opening, ...pieces, ...ending]), { isStream: true, isPassthrough });
    if (sample.endpoint === 'gemini') expect(upstream.received[0]?.path).toBe('/v1/models/models-own-name:streamGenerateContent?alt=sse');
    expect(outcome).toMatchObject({ kind: 'completed', body: undefined, model: 'm-2026', finishReason: 'stop', usage: { input: 10, output: 5, estimated: false } });
    expect(outcome.kind === 'completed' && textIn(outcome.answer())).toBe('hello');
    const dataOf = (event: string): string => event.slice(event.indexOf('data: ') + 6, -2);
    expect(parts).toEqual([...opening, ...pieces, ...ending].map(dataOf).filter((data) => data !== '[DONE]'));
  });

  it.each(['', 'garbage', '[]', '{}', '"text"', '<html>', JSON.stringify(whole).slice(0, -20)])('may answer with nonsense: %j', async (body) => {
    const { outcome } = await answered(sample, json(200, body));
    expect(failed(outcome).error).toMatchObject({ code: 'bad_response', isRetryable: false, charge: 'unknown' });
  });

  it.each([
    ['429', json(429, { error: { message: 'slow down' } }, { 'retry-after': '3' }), { code: 'rate_limited', isRetryable: true, retryAfterMs: 3_000, charge: 'none', upstreamStatus: 429 }],
    ['its own way to be overloaded', json(overloaded.status, overloaded.body), { code: 'overloaded', isRetryable: true, charge: 'none', message: 'local: overloaded' }],
    ['529', json(529, { error: { message: 'overloaded' } }), { code: 'overloaded', isRetryable: true, charge: 'none' }],
    ['500', json(500, '<html>oops'), { code: 'server_error', isRetryable: true, charge: 'none' }],
    ['401', json(401, { error: { message: 'wrong key sk-local-secret' } }), { code: 'authentication', isRetryable: false, charge: 'none', message: 'local: wrong key ***' }],
    ['an error under status 200', json(200, overloaded.body), { code: sample.endpoint === 'chat' || sample.endpoint === 'responses' ? 'server_error' : 'overloaded', isRetryable: true, charge: 'none' }],
  ] as const)('may refuse with %s', async (_what, answer, error) => {
    for (const isStream of [false, true]) expect(failed((await answered(sample, answer, { isStream })).outcome)).toMatchObject({ error, wasSent: true, usage: undefined });
  });

  it('may hang before its headers, and behind them', async () => {
    await Promise.all([false, true].map(async (isStream) => {
      const hanging = isStream ? streaming([], stays) : (response: ServerResponse): void => void response.writeHead(200, { 'content-type': 'application/json' }).write('{');
      const outcomes = await Promise.all([answered(sample, stays, { isStream, firstByteMs: 30 }), answered(sample, hanging, { isStream, idleMs: 30 })]);
      for (const { outcome } of outcomes) expect(failed(outcome).error).toMatchObject({ code: 'timeout', isRetryable: false, charge: 'unknown' });
    }));
  });

  it('may fall silent, break off, or close in the midst of a stream: what came is counted', async () => {
    const begun = [...opening, ...pieces];
    for (const [end, code] of [[stays, 'timeout'], [(response: ServerResponse) => response.socket?.resetAndDestroy(), 'cut_stream'], [(response: ServerResponse) => response.end(), 'cut_stream']] as const) {
      const { outcome, parts } = await answered(sample, streaming(begun, (response) => setImmediate(() => end(response))), { isStream: true, idleMs: 60 });
      const { error, usage, partial } = failed(outcome);
      expect(error).toMatchObject({ code, isRetryable: false, charge: 'estimated' });
      expect(usage).toMatchObject({ estimated: true });
      expect(usage?.input).toBeGreaterThan(0);
      expect(usage?.output).toBeGreaterThan(0);
      expect(textIn({ parts: partial ?? [] })).toBe('hello');
      expect(parts).toHaveLength(begun.length);
    }
  });

  it('may fail in words before the first piece: nothing was handed on, and another try costs nothing twice', async () => {
    for (const isPassthrough of [false, true]) {
      const { outcome, parts } = await answered(sample, streaming([...opening, spoken]), { isStream: true, isPassthrough });
      expect(failed(outcome)).toMatchObject({ error: { code: 'overloaded', isRetryable: true, charge: 'none', message: 'local: overloaded' }, usage: undefined });
      expect(parts).toEqual([]);
    }
  });

  it('may fail in words behind the first piece: that ends it', async () => {
    const { outcome, parts } = await answered(sample, streaming([...opening, ...pieces, spoken]), { isStream: true });
    expect(failed(outcome)).toMatchObject({ error: { code: 'overloaded', isRetryable: false, charge: 'estimated' }, usage: { estimated: true } });
    expect(parts).toHaveLength(opening.length + pieces.length);
  });

  it('may send garbage, or nothing, as a stream', async () => {
    expect(failed((await answered(sample, streaming([...opening, ...pieces, 'data: {oops\n\n']), { isStream: true })).outcome).error).toMatchObject({ code: 'bad_response', charge: 'estimated' });
    expect(failed((await answered(sample, streaming([]), { isStream: true })).outcome).error).toMatchObject({ code: 'bad_response', charge: 'unknown' });
  });

  it('may close its half of the connection in the midst of a body', async () => {
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"id"'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    opened.push({ close: () => (sockets.forEach((socket) => socket.destroy()), new Promise((resolve) => server.close(resolve))) });
    const outcome = await call((server.address() as AddressInfo).port, sample, {});
    expect(failed(outcome).error).toMatchObject({ code: 'connection_lost', isRetryable: false, charge: 'unknown' });
  });
});
