import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Completed, Failed, ProviderOutcome } from '../provider-outcome.js';
import { chat, completionJson, localTarget, startLocalUpstream, textIn, type LocalUpstream } from './local-upstream.fixture.js';
import { HttpClient } from './http-client.js';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const it of opened.splice(0).reverse()) await it.close();
});

function openClient(): HttpClient {
  const client = new HttpClient();
  opened.push(client);
  return client;
}
async function upstream(answer: (response: ServerResponse, body: string) => void): Promise<LocalUpstream> {
  const started = await startLocalUpstream(answer);
  opened.push(started);
  return started;
}
/** A server that speaks TCP and nothing else. */
async function rawServer(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  });
  return (server.address() as AddressInfo).port;
}
const json = (response: ServerResponse, text: string, headers: Record<string, string> = {}): void => {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
};
const body = Buffer.from('{"model":"m","messages":[{"role":"user","content":"hello"}]}');
function completed(outcome: ProviderOutcome): Completed {
  if (outcome.kind !== 'completed') throw outcome.error;
  return outcome;
}
function failed(outcome: ProviderOutcome): Failed {
  if (outcome.kind !== 'failed') throw new Error('the call was answered');
  return outcome;
}

describe('complete', () => {
  it('sends the bytes it was given and gives the provider\'s bytes back, with what has to be known of them', async () => {
    const { target, received } = await upstream((response) => json(response, completionJson('Grüße'), { 'x-request-id': 'req_1' }));
    const outcome = completed(await openClient().complete({ ...chat, target, body, stream: false }));
    expect(received[0]).toMatchObject({ path: '/v1/chat/completions', body: body.toString(), headers: { authorization: 'Bearer sk-local-secret', 'x-team': 'blue', accept: 'application/json' } });
    expect(outcome.body?.toString()).toBe(completionJson('Grüße'));
    expect(outcome).toMatchObject({ status: 200, id: 'chatcmpl-1', model: 'm-2026', finishReason: 'stop', providerRequestId: 'req_1', wasSent: true });
    expect(outcome.usage).toEqual({ input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: undefined, estimated: false });
    expect(textIn(outcome.answer())).toBe('Grüße');
    expect(outcome.timings.firstByteMs).toBeGreaterThan(0);
    expect(outcome.timings.totalMs).toBeGreaterThanOrEqual(outcome.timings.firstByteMs ?? Number.NaN);
  });

  it('takes headers of the client along, which count before its own', async () => {
    const { target, received } = await upstream((response) => json(response, completionJson('x')));
    await openClient().complete({ ...chat, endpoint: 'messages', target: { ...target, kind: 'anthropic' }, body, stream: false, attemptId: 'a-1', headers: { 'anthropic-beta': 'b-1', 'anthropic-version': '2099-01-01' } });
    expect(received[0]?.headers).toMatchObject({ 'anthropic-beta': 'b-1', 'anthropic-version': '2099-01-01', 'x-client-request-id': 'a-1', 'x-api-key': 'sk-local-secret' });
  });

  it('takes a request as an object too, and an answer in many chunks', async () => {
    const { target, received } = await upstream((response) => {
      for (const piece of completionJson('x'.repeat(200_000)).match(/.{1,50000}/gs) ?? []) response.write(piece);
      response.end();
    });
    const outcome = completed(await openClient().complete({ ...chat, target, body: { model: 'm' }, stream: false }));
    expect(received[0]?.body).toBe('{"model":"m"}');
    expect(textIn(outcome.answer())).toHaveLength(200_000);
  });

  it('keeps connections and uses them again', async () => {
    const { target, server } = await upstream((response) => json(response, completionJson('ok')));
    let connections = 0;
    server.on('connection', () => connections++);
    const client = openClient();
    for (let round = 0; round < 5; round++) await Promise.all(Array.from({ length: 8 }, () => client.complete({ ...chat, target, body, stream: false })));
    // A connection is free one turn of the event loop after its answer, so the next round may open as many again, once.
    expect(connections).toBeLessThanOrEqual(16);
  });

  it('has at most as many connections as the provider allows, the rest wait', async () => {
    const { target, server } = await upstream((response) => setImmediate(() => json(response, completionJson('ok'))));
    let connections = 0;
    server.on('connection', () => connections++);
    const client = openClient();
    const few = { ...target, maxConnections: 2 };
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => client.complete({ ...chat, target: few, body, stream: false })));
    expect(outcomes.every((outcome) => outcome.kind === 'completed')).toBe(true);
    expect(connections).toBe(2);
  });

  it('counts for itself, and says so, when the provider tells no usage', async () => {
    const { target } = await upstream((response) => json(response, '{"choices":[{"message":{"role":"assistant","content":"four little words here"}}]}'));
    const { usage, finishReason } = completed(await openClient().complete({ ...chat, target, body, stream: false }));
    expect(usage.estimated).toBe(true);
    expect(usage.input).toBeGreaterThan(0);
    expect(usage.output).toBeGreaterThan(0);
    expect(finishReason).toBe('other');
  });

  it('gives the message of a provider that answers a request for a stream with plain JSON', async () => {
    const { target } = await upstream((response) => json(response, completionJson('not streamed')));
    const outcome = completed(await openClient().complete({ ...chat, target, body, stream: true }));
    expect(textIn(outcome.answer())).toBe('not streamed');
    expect(outcome.body).toBeDefined();
  });
});

describe('a provider that refuses', () => {
  it('is a typed error with how long to wait, and costs nothing', async () => {
    const { target } = await upstream((response) => {
      response.writeHead(429, { 'retry-after': '3', 'x-request-id': 'req_9' }).end('{"error":{"message":"Rate limit reached","code":"rate_limit_exceeded"}}');
    });
    const outcome = failed(await openClient().complete({ ...chat, target, body, stream: false }));
    expect(outcome.error).toMatchObject({ code: 'rate_limited', isRetryable: true, retryAfterMs: 3_000, charge: 'none', message: 'local: Rate limit reached' });
    expect(outcome).toMatchObject({ providerRequestId: 'req_9', wasSent: true, usage: undefined });
  });

  it('is an error also under status 200', async () => {
    const { target } = await upstream((response) => json(response, '{"error":{"message":"overloaded, key sk-local-secret","type":"overloaded_error"}}'));
    const { error } = failed(await openClient().complete({ ...chat, target, body, stream: false }));
    expect(error).toMatchObject({ code: 'overloaded', isRetryable: true });
    expect(error.message).not.toContain('sk-local-secret');
  });

  it('may redirect, which is not followed: the key would go along', async () => {
    const { target, received } = await upstream((response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    expect(failed(await openClient().complete({ ...chat, target, body, stream: false })).error).toMatchObject({ code: 'bad_response', charge: 'unknown' });
    expect(received).toHaveLength(1);
  });

  it.each(['', 'garbage', '[]', '{"choices":[]}', '{"choices":[{"message":null}]}', '"text"', '{"choices":[{"message":{"content":"cut'])('may answer with nonsense: %j', async (text) => {
    const { target } = await upstream((response) => json(response, text));
    expect(failed(await openClient().complete({ ...chat, target, body, stream: false })).error).toMatchObject({ code: 'bad_response', isRetryable: false, charge: 'unknown' });
  });

  it('leaves the client well: the next call is answered', async () => {
    let calls = 0;
    const { target } = await upstream((response) => (++calls === 1 ? void response.writeHead(500).end('<html>') : json(response, completionJson('fine'))));
    const client = openClient();
    expect(failed(await client.complete({ ...chat, target, body, stream: false })).error.code).toBe('server_error');
    expect(textIn(completed(await client.complete({ ...chat, target, body, stream: false })).answer())).toBe('fine');
  });
});

describe('a network that fails', () => {
  it('before the request could be sent: safe to try again', async () => {
    const port = await rawServer(() => undefined);
    await Promise.resolve(opened.pop()?.close());
    const outcome = failed(await openClient().complete({ ...chat, target: localTarget(port), body, stream: false }));
    expect(outcome).toMatchObject({ wasSent: false, error: { code: 'connection', isRetryable: true, charge: 'none', message: 'local: cannot be reached (ECONNREFUSED)' } });
  });

  it('when the name cannot be resolved: safe to try again', async () => {
    const outcome = failed(await openClient().complete({ ...chat, target: { ...localTarget(1), baseUrl: 'http://no-such-host.invalid/v1' }, body, stream: false }));
    expect(outcome).toMatchObject({ wasSent: false, error: { code: 'connection', isRetryable: true } });
  });

  it('after the request was sent: nobody knows, so never again', async () => {
    const port = await rawServer((socket) => socket.once('data', () => socket.destroy()));
    const outcome = failed(await openClient().complete({ ...chat, target: localTarget(port), body, stream: false }));
    expect(outcome).toMatchObject({ wasSent: true, error: { code: 'connection_lost', isRetryable: false, charge: 'unknown' } });
  });

  it('in the midst of the answer', async () => {
    const port = await rawServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{"choices"')));
    expect(failed(await openClient().complete({ ...chat, target: localTarget(port), body, stream: false })).error).toMatchObject({ code: 'connection_lost', charge: 'unknown' });
  });

  it('with an answer that is no HTTP', async () => {
    const port = await rawServer((socket) => socket.once('data', () => socket.write('SSH-2.0-OpenSSH_9.9\r\n')));
    expect(failed(await openClient().complete({ ...chat, target: localTarget(port), body, stream: false })).error).toMatchObject({ code: 'bad_response', charge: 'unknown' });
  });

  it('with no answer in time', async () => {
    const port = await rawServer(() => undefined);
    const outcome = failed(await openClient().complete({ ...chat, target: localTarget(port, { firstByteMs: 50 }), body, stream: false }));
    expect(outcome.error).toMatchObject({ code: 'timeout', isRetryable: false, charge: 'unknown' });
  });

  it('with an answer that takes longer than a call may take in all', async () => {
    const { target } = await upstream((response) => response.writeHead(200).write('{'));
    const outcome = failed(await openClient().complete({ ...chat, target: { ...target, timeouts: { ...target.timeouts, totalMs: 50 } }, body, stream: false }));
    expect(outcome.error).toMatchObject({ code: 'timeout', charge: 'unknown' });
  });
});

describe('a caller that gives up', () => {
  it('takes its connection along, and what was sent is counted', async () => {
    let isGone = false;
    const { target, received } = await upstream((response) => response.on('close', () => (isGone = true)));
    const abort = new AbortController();
    const pending = openClient().complete({ ...chat, target, body, stream: false }, { signal: abort.signal });
    await expect.poll(() => received.length).toBe(1);
    abort.abort();
    const outcome = failed(await pending);
    expect(outcome).toMatchObject({ wasSent: true, error: { code: 'cancelled', isRetryable: false, charge: 'estimated' }, usage: { output: 0, estimated: true } });
    await expect.poll(() => isGone).toBe(true);
  });

  it('before the call sends nothing and costs nothing', async () => {
    const { target, received } = await upstream((response) => json(response, completionJson('x')));
    const outcome = failed(await openClient().complete({ ...chat, target, body, stream: false }, { signal: AbortSignal.abort() }));
    expect(outcome).toMatchObject({ wasSent: false, error: { code: 'cancelled', charge: 'none' }, usage: undefined });
    expect(received).toHaveLength(0);
  });

  it('while the call waits for a connection sends nothing, and those behind it are answered', async () => {
    const held: ServerResponse[] = [];
    const { target, received } = await upstream((response) => (held.length === 0 ? void held.push(response) : json(response, completionJson('next'))));
    const client = openClient();
    const one = { ...target, maxConnections: 1 };
    const first = client.complete({ ...chat, target: one, body, stream: false });
    await expect.poll(() => held.length).toBe(1);
    const abort = new AbortController();
    const waiting = client.complete({ ...chat, target: one, body: { cancelled: true }, stream: false }, { signal: abort.signal });
    const behind = client.complete({ ...chat, target: one, body, stream: false });
    abort.abort();
    expect(failed(await waiting)).toMatchObject({ wasSent: false, error: { code: 'cancelled', charge: 'none' } });
    for (const response of held) json(response, completionJson('first'));
    expect(textIn(completed(await first).answer())).toBe('first');
    expect(textIn(completed(await behind).answer())).toBe('next');
    expect(received.some((request) => request.body.includes('cancelled'))).toBe(false);
  });
});

describe('close', () => {
  it('ends what is under way and leaves no connection', async () => {
    const { target, received, server } = await upstream(() => undefined);
    const client = new HttpClient();
    const pending = client.complete({ ...chat, target, body, stream: false });
    await expect.poll(() => received.length).toBe(1);
    await client.close();
    expect(failed(await pending).error).toMatchObject({ code: 'connection_lost', charge: 'unknown' });
    await expect.poll(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count)))).toBe(0);
    expect(failed(await client.complete({ ...chat, target, body, stream: false })).error.code).toBe('connection');
  });
});

describe('listModels', () => {
  it('gives the names that a provider has, without the kind in front of them', async () => {
    const { target, received } = await upstream((response) => json(response, '{"object":"list","data":[{"id":"a"},{"id":"models/b"}]}'));
    expect(await openClient().listModels(target, AbortSignal.timeout(5_000))).toEqual(['a', 'b']);
    expect(received[0]?.path).toBe('/v1/models');
  });

  it('asks each kind of provider in its own way', async () => {
    const { target, received } = await upstream((response) => json(response, '{"models":[{"name":"models/gemini-x","displayName":"X"}],"nextPageToken":""}'));
    expect(await openClient().listModels({ ...target, kind: 'gemini' }, AbortSignal.timeout(5_000))).toEqual(['gemini-x']);
    expect(received[0]?.headers['x-goog-api-key']).toBe('sk-local-secret');
    const anthropic = await upstream((response) => json(response, '{"data":[{"type":"model","id":"claude-x"}],"has_more":false}'));
    expect(await openClient().listModels({ ...anthropic.target, kind: 'anthropic' }, AbortSignal.timeout(5_000))).toEqual(['claude-x']);
    expect(anthropic.received[0]?.headers).toMatchObject({ 'x-api-key': 'sk-local-secret', 'anthropic-version': '2023-06-01' });
  });

  it('tells why not', async () => {
    const { target } = await upstream((response) => response.writeHead(401).end('{"error":{"message":"Incorrect API key provided: sk-local-secret"}}'));
    const client = openClient();
    await expect(client.listModels(target, AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'authentication', message: 'local: Incorrect API key provided: ***' });
    await expect(client.listModels(localTarget(1), AbortSignal.timeout(5_000))).rejects.toMatchObject({ code: 'connection' });
    await expect(client.listModels(target, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });
});
