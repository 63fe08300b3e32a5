import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runTool } from '../domain/run-tool.js';
import type { Tool, ToolOutcome } from '../domain/tool.js';
import { loadWebPage, type LoadWebPageConfig } from './load-web-page.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

let answers: Record<string, Answer>;
let requests: IncomingMessage[];
let server: Server;
let origin: string;
const tools: Tool[] = [];

const listen = (listener: RequestListener, host = '127.0.0.1', port = 0): Promise<Server> =>
  new Promise((resolve, reject) => {
    const made = createServer(listener).once('error', reject);
    made.listen(port, host, () => resolve(made));
  });
const stop = (running: Server): Promise<void> =>
  new Promise((resolve) => {
    running.close(() => resolve());
    running.closeAllConnections();
  });
const hostOf = (running: Server): string => `127.0.0.1:${(running.address() as AddressInfo).port}`;
const portOf = (running: Server): number => (running.address() as AddressInfo).port;

const load = (url: string, config: LoadWebPageConfig = {}): Promise<ToolOutcome> => {
  const tool = loadWebPage({ allowHosts: [hostOf(server)], ...config });
  tools.push(tool);
  return runTool(tool, { url }, { signal: new AbortController().signal, now: () => 0 });
};
const send = (body: string | Buffer, headers: Record<string, string> = {}): Answer => (response) => {
  response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(body);
};
const redirect = (location?: string): Answer => (response) => {
  response.writeHead(302, location === undefined ? {} : { location, 'set-cookie': 'a=b' }).end();
};
const textOf = (outcome: ToolOutcome): string => {
  if (outcome.kind === 'error') throw new Error(`${outcome.code}: ${outcome.message}`);
  return outcome.text;
};

beforeEach(async () => {
  answers = {};
  requests = [];
  server = await listen((request, response) => {
    requests.push(request);
    const answer = answers[request.url ?? ''];
    if (answer === undefined) response.writeHead(404, { 'content-type': 'text/plain' }).end('nothing here');
    else answer(response, request);
  });
  origin = `http://${hostOf(server)}`;
});

afterEach(async () => {
  await stop(server);
  for (const tool of tools.splice(0)) await tool.close?.();
});

describe('load_web_page: what it reads', () => {
  it('reads the title and text of an HTML page', async () => {
    answers['/'] = send('<!doctype html><html><head><title>Rivers</title></head><body><script>x()</script><p>The Rhine is <b>long</b>.</p></body></html>', { 'content-type': 'text/html; charset=utf-8' });
    expect(textOf(await load(`${origin}/#top`))).toBe(`Title: Rivers\nURL: ${origin}/\n\nThe Rhine is long.`);
  });

  it.each<[string, string | Buffer, Record<string, string>, string]>([
    ['plain text', 'a\nb', {}, 'a\nb'],
    ['JSON', '{"a":1}', { 'content-type': 'application/json' }, '{"a":1}'],
    ['an encoding named by the content type', Buffer.from([0xe9]), { 'content-type': 'text/plain; charset=iso-8859-1' }, 'é'],
    ['gzip', gzipSync('zipped'), { 'content-encoding': 'gzip' }, 'zipped'],
    ['deflate', deflateSync('deflated'), { 'content-encoding': 'deflate' }, 'deflated'],
    ['brotli', brotliCompressSync('pressed'), { 'content-encoding': 'br' }, 'pressed'],
    ['HTML without text', '<html><body><div id="root"></div></body></html>', { 'content-type': 'text/html' }, '(The page has no readable text; it may build its content by script.)'],
    ['an empty page', '', {}, '(The page has no readable text; it may build its content by script.)'],
  ])('reads %s', async (_, body, headers, text) => {
    answers['/'] = send(body, headers);
    expect(textOf(await load(origin))).toBe(`URL: ${origin}/\n\n${text}`);
  });

  it.each([
    ['<p>marked up</p>', 'marked up'],
    ['not marked up', 'not marked up'],
  ])('tells by the text itself when the server names no type: %s', async (body, text) => {
    answers['/'] = (response) => response.end(body);
    expect(textOf(await load(origin))).toBe(`URL: ${origin}/\n\n${text}`);
  });

  it('cuts a long text and says so', async () => {
    answers['/'] = send('x'.repeat(5_000));
    const outcome = await load(origin, { maxResultBytes: 1_000 });
    expect(outcome).toMatchObject({ kind: 'ok', truncated: true });
    expect(textOf(outcome)).toContain('[cut: the result has');
  });

  it('asks as itself, without cookies or credentials, also after a redirect that set some', async () => {
    answers['/'] = redirect('/there');
    answers['/there'] = send('here');
    expect(textOf(await load(origin))).toBe(`URL: ${origin}/there\n\nhere`);
    expect(requests.map(({ url }) => url)).toEqual(['/', '/there']);
    for (const { headers } of requests) {
      expect(Object.keys(headers).sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
      expect(headers['user-agent']).toContain('NEXUS');
    }
  });
});

describe('load_web_page: what it refuses', () => {
  it.each<[string, Answer, string, boolean]>([
    ['a missing page', (response) => response.writeHead(404).end(), 'page_status', false],
    ['a page that fails', (response) => response.writeHead(503).end(), 'page_status', true],
    ['too many requests', (response) => response.writeHead(429).end(), 'page_status', true],
    ['an image', send('PNG', { 'content-type': 'image/png' }), 'page_not_text', false],
    ['bytes of no type', (response) => response.end(Buffer.from([1, 0, 2])), 'page_not_text', false],
    ['broken compression', send('not zipped', { 'content-encoding': 'gzip' }), 'page_unreadable', false],
    ['half of a compressed page', send(gzipSync('x'.repeat(1_000)).subarray(0, 12), { 'content-encoding': 'gzip' }), 'page_unreadable', false],
    ['broken brotli', send('not pressed', { 'content-encoding': 'br' }), 'page_unreadable', false],
    ['a compression it did not ask for', send('x', { 'content-encoding': 'zstd' }), 'page_unreadable', false],
    ['layers of compression', send(gzipSync(gzipSync('x')), { 'content-encoding': 'gzip, gzip' }), 'page_unreadable', false],
    ['an answer cut in the middle', (response) => response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '99' }).write('x', () => response.destroy()), 'page_unreachable', true],
    ['headers without end', (response) => response.writeHead(200, { 'x-long': 'x'.repeat(20_000) }).end(), 'page_unreachable', true],
    ['a redirect to nowhere', redirect(), 'page_redirects', false],
    ['a redirect to nonsense', redirect('http://'), 'page_redirects', false],
    ['a redirect to itself', redirect('/'), 'page_redirects', false],
    ['a redirect to a file', redirect('file:///etc/passwd'), 'invalid_url', false],
    ['a redirect with a password', redirect('http://user:secret@example.test/'), 'invalid_url', false],
    ['a redirect to the metadata service', redirect('http://169.254.169.254/latest/meta-data/'), 'page_forbidden', false],
    ['a redirect to another port', redirect('http://127.0.0.1:9/'), 'page_forbidden', false],
  ])('refuses %s', async (_, answer, code, isRetryable) => {
    answers['/'] = answer;
    const outcome = await load(origin);
    expect(outcome).toMatchObject({ kind: 'error', code, isRetryable });
    expect(JSON.stringify(outcome)).not.toMatch(/secret|\bat .*:\d+:\d+/);
  });

  it('follows five redirects and no sixth', async () => {
    for (let hop = 0; hop < 6; hop++) answers[`/${hop}`] = redirect(`/${hop + 1}`);
    answers['/6'] = send('the end');
    expect(textOf(await load(`${origin}/1`))).toContain('the end');
    expect(await load(`${origin}/0`)).toMatchObject({ code: 'page_redirects', message: 'The page redirects more than 5 times.' });
  });

  it.each(['127.0.0.1', 'localhost'])('does not follow a redirect to another service on %s', async (name) => {
    let hits = 0;
    const secret = await listen((_, response) => {
      hits++;
      response.end('secret');
    });
    answers['/'] = redirect(`http://${name}:${portOf(secret)}/`);
    expect(await load(origin, { ports: [portOf(secret), 80] })).toMatchObject({ kind: 'error', code: 'page_forbidden' });
    expect(hits).toBe(0);
    await stop(secret);
  });

  it('stops a body that inflates far beyond its size', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    expect(bomb.length).toBeLessThan(100_000);
    answers['/'] = send(bomb, { 'content-encoding': 'gzip' });
    expect(await load(origin, { maxBytes: 1_000_000 })).toMatchObject({ kind: 'error', code: 'page_too_large', message: 'The page is larger than 1000000 bytes.' });
  });

  it('hangs up on a body without end', async () => {
    let hasHungUp = false;
    answers['/'] = (response) => {
      response.writeHead(200, { 'content-type': 'text/plain' }).on('close', () => (hasHungUp = true));
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        response.once('drain', more);
      };
      more();
    };
    expect(await load(origin, { maxBytes: 1_000_000 })).toMatchObject({ code: 'page_too_large' });
    await expect.poll(() => hasHungUp).toBe(true);
  });

  it.each<[string, Answer]>([
    ['never answers', () => {}],
    ['falls silent after its headers', (response) => void response.writeHead(200, { 'content-type': 'text/plain' }).write('x')],
  ])('gives up in time, and hangs up, when the server %s', async (_, answer) => {
    let hasHungUp = false;
    answers['/'] = (response, request) => {
      response.on('close', () => (hasHungUp = true));
      answer(response, request);
    };
    expect(await load(origin, { timeoutMs: 200 })).toMatchObject({ kind: 'error', code: 'tool_timeout', isRetryable: true });
    await expect.poll(() => hasHungUp).toBe(true);
  });

  it('says so when nobody listens, or speaks no TLS', async () => {
    const { port } = server.address() as AddressInfo;
    expect(await load(`https://127.0.0.1:${port}/`)).toMatchObject({ code: 'page_unreachable' });
    const gone = await listen(() => {});
    const host = hostOf(gone);
    await stop(gone);
    expect(await load(`http://${host}/`, { allowHosts: [host] })).toMatchObject({ code: 'page_unreachable', isRetryable: true, message: `${host} did not answer properly (ECONNREFUSED).` });
  });
});

describe('load_web_page: where it connects', () => {
  it('connects to the address that was checked, whatever the name means a moment later', async () => {
    const port = portOf(server);
    const other = await listen((_, response) => response.end('the wrong house'), '127.0.0.2', port);
    answers['/'] = send('the right house');
    const changing = ['127.0.0.1', '127.0.0.2', '127.0.0.2'];
    let lookups = 0;
    const lookup = async (): Promise<string[]> => {
      lookups++;
      return [changing.shift() ?? ''];
    };
    expect(textOf(await load(`http://rebind.test:${port}/`, { allowHosts: [`rebind.test:${port}`], lookup }))).toContain('the right house');
    expect(lookups).toBe(1);
    expect(requests[0]?.headers.host).toBe(`rebind.test:${port}`);
    await stop(other);
  });

  it('checks the name again on a redirect: harmless first, loopback then', async () => {
    answers['/'] = redirect('http://rebind.test/');
    const lookup = async (hostname: string): Promise<string[]> => (hostname === 'rebind.test' ? ['127.0.0.1'] : []);
    expect(await load(origin, { lookup })).toMatchObject({ code: 'page_forbidden', message: 'url: rebind.test has an address that is not public (loopback).' });
    expect(requests).toHaveLength(1);
  });

  it('tries the other addresses of a name when one does not answer', async () => {
    const port = portOf(server);
    answers['/'] = send('reached');
    const config = { allowHosts: [`two.test:${port}`], lookup: async () => ['127.0.0.3', '127.0.0.1'] };
    expect(textOf(await load(`http://two.test:${port}/`, config))).toContain('reached');
  });

  it('does not reach loopback unless it is allowed by name and port', async () => {
    for (const allowHosts of [[], [`localhost:${portOf(server)}`], ['127.0.0.1:1']]) {
      expect(await load(origin, { allowHosts, ports: [portOf(server)] })).toMatchObject({ code: 'page_forbidden' });
    }
    expect(requests).toEqual([]);
  });
});
