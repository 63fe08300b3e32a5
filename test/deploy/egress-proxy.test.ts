import { once } from 'node:events';
import { request, type Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

/** deploy/image/egress-proxy.mjs, which runs in the image without types. */
interface EgressProxy {
  readonly isPublic: (address: string) => boolean;
  readonly readPatterns: (text: string) => string[];
  egressProxy(options: { patterns: readonly string[]; resolve?: (host: string) => Promise<readonly string[]>; mayReach?: (address: string) => boolean; port?: number; log?: (line: string) => void }): Server;
}

let proxy: EgressProxy;
beforeAll(async () => {
  proxy = (await import(new URL('../../deploy/image/egress-proxy.mjs', import.meta.url).href)) as EgressProxy;
});

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const it of opened.splice(0)) it.close();
});

async function listen(server: { listen(port: number, host: string): unknown; address(): unknown; close(): unknown } & NodeJS.EventEmitter): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(server);
  return (server.address() as AddressInfo).port;
}

/** Asks for a tunnel; answers its status, and what came back through it for `hello`. */
function tunnel(port: number, authority: string): Promise<{ readonly status: number; readonly answer: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, method: 'CONNECT', path: authority, agent: false });
    asked.once('connect', (response, socket) => {
      if (response.statusCode !== 200) return resolve({ status: response.statusCode ?? 0, answer: '' });
      socket.once('data', (data: Buffer) => {
        socket.destroy();
        resolve({ status: 200, answer: data.toString() });
      });
      socket.write('hello');
    });
    asked.once('error', reject).end();
  });
}

describe('the egress proxy', () => {
  it('makes tunnels to allowed hosts, and refuses other hosts and other ports', async () => {
    const echo = await listen(createServer((socket) => void socket.pipe(socket)));
    const log: string[] = [];
    const port = await listen(proxy.egressProxy({ patterns: ['api.test', '*.wide.test'], port: echo, resolve: async () => ['127.0.0.1'], mayReach: () => true, log: (line) => void log.push(line) }));
    expect(await tunnel(port, `api.test:${echo}`)).toEqual({ status: 200, answer: 'hello' });
    expect(await tunnel(port, `a.b.WIDE.test:${echo}`)).toEqual({ status: 200, answer: 'hello' });
    for (const refused of [`evil.test:${echo}`, `wide.test:${echo}`, `api.test.evil.test:${echo}`, 'api.test:22', `127.0.0.1:${echo}`, 'nonsense']) {
      expect(await tunnel(port, refused), refused).toMatchObject({ status: 403 });
    }
    expect(log.join('\n')).not.toContain('hello');
  });

  it('refuses an allowed name that leads to a private network, and one that leads nowhere', async () => {
    const addresses: Record<string, readonly string[]> = { 'inside.test': ['10.0.0.7', '169.254.169.254', '::ffff:127.0.0.1', 'fd00::1'], 'gone.test': [] };
    const port = await listen(proxy.egressProxy({ patterns: ['*.test'], resolve: async (host) => addresses[host] ?? [], log: () => undefined }));
    for (const host of Object.keys(addresses)) expect(await tunnel(port, `${host}:443`), host).toMatchObject({ status: 403 });
  });

  it('says 502 when the host cannot be found or does not answer', async () => {
    const failing = await listen(proxy.egressProxy({ patterns: ['*.test'], resolve: () => Promise.reject(Object.assign(new Error('none'), { code: 'ENOTFOUND' })), log: () => undefined }));
    expect(await tunnel(failing, 'lost.test:443')).toMatchObject({ status: 502 });
    const closed = await listen(proxy.egressProxy({ patterns: ['*.test'], port: 1, resolve: async () => ['127.0.0.1'], mayReach: () => true, log: () => undefined }));
    expect(await tunnel(closed, 'lost.test:1')).toMatchObject({ status: 502 });
  });

  it('does nothing but tunnels, and says that it lives', async () => {
    const port = await listen(proxy.egressProxy({ patterns: [], log: () => undefined }));
    const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`).then(({ status }) => status);
    expect(await get('/health/live')).toBe(200);
    expect(await get('/')).toBe(405);
  });

  it('knows what is public', () => {
    const { isPublic } = proxy;
    expect(['1.1.1.1', '140.82.121.4', '2606:4700:4700::1111'].map(isPublic)).toEqual([true, true, true]);
    for (const address of ['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '::1', '::ffff:8.8.8.8', '64:ff9b::a00:1', 'fe80::1', 'fd12::1', 'x']) {
      expect(isPublic(address), address).toBe(false);
    }
  });

  it('reads a file of hosts with comments', () => {
    expect(proxy.readPatterns('# one\napi.Test # two\n\n  *.wide.test\n')).toEqual(['api.test', '*.wide.test']);
  });
});
