import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFaultProxy, type FaultProxy } from './fault-proxy.js';

/** Says each request back with "re:" before it. */
class Echo {
  readonly heard: string[] = [];
  readonly server: Server = createServer((socket) => {
    socket.on('data', (bytes) => {
      this.heard.push(String(bytes));
      socket.write(`re:${String(bytes)}`);
    });
    socket.on('error', () => undefined);
  });
}

class Caller {
  heard = '';
  ending: string | undefined;
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (bytes) => (this.heard += String(bytes)));
    this.socket.on('error', (error) => (this.ending ??= (error as NodeJS.ErrnoException).code));
    this.socket.on('close', () => (this.ending ??= 'closed'));
  }
}

let echo: Echo;
let proxy: FaultProxy;
const callers: Caller[] = [];

beforeEach(async () => {
  echo = new Echo();
  await new Promise<void>((resolve) => echo.server.listen(0, '127.0.0.1', resolve));
  proxy = await startFaultProxy({ port: (echo.server.address() as AddressInfo).port });
});
afterEach(async () => {
  for (const { socket } of callers.splice(0)) socket.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.server.close(resolve));
});

function call(text?: string): Caller {
  const caller = new Caller(proxy.port);
  callers.push(caller);
  if (text !== undefined) caller.socket.write(text);
  return caller;
}

describe('startFaultProxy', () => {
  it('passes bytes both ways, and counts no hit', async () => {
    const caller = call('one');
    await expect.poll(() => caller.heard).toBe('re:one');
    expect([proxy.hits, proxy.connections]).toEqual([0, 1]);
  });

  it('cut: breaks what is open and refuses what is new, until it is healed', async () => {
    const before = call('one');
    await expect.poll(() => before.heard).toBe('re:one');
    proxy.cut();
    await expect.poll(() => before.ending).toBe('ECONNRESET');
    const during = call('two');
    await expect.poll(() => during.ending).toBeDefined();
    expect(echo.heard).toEqual(['one']);
    proxy.heal();
    const after = call('three');
    await expect.poll(() => after.heard).toBe('re:three');
    expect(proxy.hits).toBe(2);
  });

  it('blackhole: nothing passes and nobody is told; what was sent arrives after it', async () => {
    const caller = call('one');
    await expect.poll(() => caller.heard).toBe('re:one');
    proxy.blackhole();
    caller.socket.write('two');
    await expect.poll(() => proxy.hits).toBe(1);
    expect([echo.heard, caller.ending]).toEqual([['one'], undefined]);
    proxy.heal();
    await expect.poll(() => caller.heard).toBe('re:onere:two');
  });

  it('delay: everything comes later, in order', async () => {
    proxy.delay(60);
    const began = performance.now();
    const caller = call('one');
    await expect.poll(() => caller.heard).toBe('re:one');
    expect(performance.now() - began).toBeGreaterThanOrEqual(110);
  });

  it('trickle: comes in small pieces at the speed asked for', async () => {
    proxy.trickle(1_000);
    const began = performance.now();
    const caller = call('x'.repeat(100));
    await expect.poll(() => caller.heard.match(/x/g)?.length, { timeout: 5_000 }).toBe(100);
    expect(performance.now() - began).toBeGreaterThanOrEqual(150);
    expect(echo.heard.length).toBeGreaterThan(2);
  });

  it('reset: breaks what is open only', async () => {
    const before = call('one');
    await expect.poll(() => before.heard).toBe('re:one');
    proxy.reset();
    await expect.poll(() => before.ending).toBe('ECONNRESET');
    const after = call('two');
    await expect.poll(() => after.heard).toBe('re:two');
  });

  it('loseReplyTo: the request arrives, its reply does not, and the connection breaks', async () => {
    const lost = proxy.loseReplyTo('COMMIT');
    const other = call('SELECT');
    await expect.poll(() => other.heard).toBe('re:SELECT');
    const caller = call('COMMIT 1');
    await lost;
    await expect.poll(() => caller.ending).toBeDefined();
    expect([echo.heard, caller.heard, proxy.hits]).toEqual([['SELECT', 'COMMIT 1'], '', 1]);
    const again = call('COMMIT 2');
    await expect.poll(() => again.heard).toBe('re:COMMIT 2');
  });

  it('loseReplyTo: says so when nothing came of it', async () => {
    const patience = new AbortController();
    const lost = proxy.loseReplyTo('COMMIT', patience.signal);
    patience.abort();
    await expect(lost).rejects.toThrow('COMMIT');
  });
});
