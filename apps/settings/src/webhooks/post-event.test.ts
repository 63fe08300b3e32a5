import { createServer, type RequestListener } from 'node:http';
import { listen } from '@nexus/testing';
import { Webhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import { postEvent, type PostEventOptions } from './post-event.js';
import { secretText } from './standard-signature.js';

const secret = Buffer.alloc(32, 7);
const body = '{"id":"event-1"}';
const stops: (() => Promise<void>)[] = [];
afterEach(() => Promise.all(stops.splice(0).map((stop) => stop())));

async function receiver(listener: RequestListener): Promise<string> {
  const { url, close } = await listen(createServer(listener));
  stops.push(close);
  return url;
}

const post = (url: string, options: Partial<PostEventOptions> = {}) =>
  postEvent({ url, secret, eventId: 'event-1', body }, {
    mayBePrivate: true, lookup: () => Promise.reject(new Error('must not be asked')), timeoutMs: 5_000, now: Date.now(), stopping: new AbortController().signal, ...options,
  });

describe('postEvent', () => {
  it('posts the event, signed, with the path and query of the address', async () => {
    const seen: { url: string | undefined; method: string | undefined; headers: Record<string, unknown>; body: string }[] = [];
    const url = await receiver((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => {
        seen.push({ url: request.url, method: request.method, headers: request.headers, body: text });
        response.writeHead(202).end('thanks');
      });
    });
    expect(await post(`${url}/hooks/a?b=c`)).toEqual({ kind: 'delivered', status: 202 });
    expect(seen).toMatchObject([{ url: '/hooks/a?b=c', method: 'POST', body, headers: { 'content-type': 'application/cloudevents+json; charset=utf-8', 'webhook-id': 'event-1' } }]);
    const headers = seen[0]?.headers as Record<string, string>;
    expect(new Webhook(secretText(secret)).verify(body, headers)).toEqual({ id: 'event-1' });
  });

  it.each([
    [500, {}, { kind: 'failed', status: 500, error: 'answered 500', retryAfterMs: undefined }],
    [429, { 'retry-after': '120' }, { kind: 'failed', status: 429, error: 'answered 429', retryAfterMs: 120_000 }],
    [503, { 'retry-after': 'Fri, 20 Nov 2026 17:00:00 GMT' }, { kind: 'failed', status: 503, error: 'answered 503', retryAfterMs: undefined }],
    [302, { location: '/elsewhere' }, { kind: 'failed', status: 302, error: 'answered 302: redirects are not followed' }],
    [410, {}, { kind: 'gone', status: 410 }],
  ])('understands the status %i', async (status, headers, expected) => {
    let count = 0;
    const url = await receiver((_request, response) => {
      count++;
      response.writeHead(status, headers).end();
    });
    expect(await post(url)).toMatchObject(expected);
    expect(count).toBe(1);
  });

  it('waits no longer than it may, also for a receiver that accepts and says nothing', async () => {
    const url = await receiver(() => undefined);
    expect(await post(url, { timeoutMs: 200 })).toEqual({ kind: 'failed', status: 0, error: 'no answer within 0.2 s' });
    expect(await post('https://slow.test/', { timeoutMs: 200, lookup: () => new Promise(() => {}) })).toMatchObject({ error: 'no answer within 0.2 s' });
  });

  it('does not read an answer that never ends', async () => {
    const url = await receiver((_request, response) => {
      response.writeHead(200).write('x'.repeat(100_000));
    });
    expect(await post(url)).toEqual({ kind: 'delivered', status: 200 });
  });

  it('says that there was no connection, and of which kind', async () => {
    const url = await receiver(() => undefined);
    await stops.pop()?.();
    expect(await post(url)).toMatchObject({ kind: 'failed', status: 0, error: 'no proper answer (ECONNREFUSED)' });
    expect(await post('https://gone.test/', { lookup: async () => [] })).toMatchObject({ error: 'its host could not be found' });
  });

  it.each([
    ['an address of this machine', 'https://127.0.0.1/', 'loopback'],
    ['the metadata address of a cloud', 'https://[::ffff:169.254.169.254]/', 'metadata'],
    ['a name of a private address', 'https://inside.test/', 'private'],
  ])('refuses %s before any connection is made', async (_what, url, addressClass) => {
    const outcome = await post(url, { mayBePrivate: false, lookup: async () => ['93.184.216.34', '10.0.0.7'] });
    expect(outcome).toEqual({ kind: 'failed', status: 0, error: `its host has an address that is not public (${addressClass})` });
  });

  it('sends nothing without https where that is not allowed any more', async () => {
    let isAsked = false;
    const url = await receiver((_request, response) => {
      isAsked = true;
      response.end();
    });
    expect(await post(url, { mayBePrivate: false })).toMatchObject({ kind: 'failed', error: 'its address does not begin with https://' });
    expect(isAsked).toBe(false);
  });

  it('rejects when the process stops: nobody knows what the receiver made of it', async () => {
    const stopping = new AbortController();
    const url = await receiver(() => stopping.abort(new Error('stopping')));
    await expect(post(url, { stopping: stopping.signal })).rejects.toThrow('stopping');
  });
});
