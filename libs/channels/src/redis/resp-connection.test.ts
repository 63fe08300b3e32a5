import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { parseRedisUrl } from './redis-address.js';
import { RespConnection } from './resp-connection.js';
import { RespEncoder } from './resp-encoder.js';

const HALF = 'only half';

/** A server that answers each piece of bytes it gets as told, and hangs up after half an answer. */
async function server(answer: (connection: number, said: string) => string): Promise<{ readonly port: number; readonly said: string[] }> {
  const said: string[] = [];
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket);
    const connection = sockets.size;
    socket.on('error', () => undefined).on('data', (bytes) => {
      said.push(bytes.toString());
      const reply = answer(connection, bytes.toString());
      socket.write(reply);
      if (reply.endsWith(HALF)) socket.end();
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  return { port: (listening.address() as AddressInfo).port, said };
}

const GREETING = '+OK\r\n:7\r\n';
const isGreeting = (said: string): boolean => said.includes('SETNAME');

function command(...parts: string[]): Buffer {
  const encoder = new RespEncoder();
  encoder.command(...parts);
  return encoder.take();
}

function open(url: string): RespConnection {
  const connection = new RespConnection(parseRedisUrl(url), { name: 'test' });
  onTestFinished(() => connection.close());
  return connection;
}

it('says who it is before anything else, and keeps its id', async () => {
  const { port, said } = await server((_, text) => (isGreeting(text) ? `+OK\r\n+OK\r\n${GREETING}` : '+PONG\r\n'.repeat(text.split('PING').length - 1)));
  const connection = open(`redis://app:p%40ss@127.0.0.1:${port}/3`);
  expect(await Promise.all([connection.send(command('PING'), 1), connection.send(command('PING'), 1)])).toEqual([['PONG'], ['PONG']]);
  expect(said[0]?.split('\r\n').filter((line) => /^\w/.test(line))).toEqual(['AUTH', 'app', 'p@ss', 'SELECT', '3', 'CLIENT', 'SETNAME', 'test', 'CLIENT', 'ID']);
  expect(connection.id).toBe(7);
});

it('is of no use without its password, but needs no name', async () => {
  const refusing = await server(() => `-WRONGPASS no\r\n${GREETING}`);
  await expect(open(`redis://:x@127.0.0.1:${refusing.port}`).send(command('PING'), 1)).rejects.toMatchObject({ code: 'bus_unavailable', isRetryable: true });
  const { port } = await server((_, text) => (isGreeting(text) ? '-NOPERM\r\n-NOPERM\r\n' : '+PONG\r\n'));
  const nameless = open(`redis://127.0.0.1:${port}`);
  expect(await nameless.send(command('PING'), 1)).toEqual(['PONG']);
  expect(nameless.id).toBeUndefined();
});

it('rejects what was under way when it breaks in the midst of a reply, and connects anew', async () => {
  const { port } = await server((connection, text) => (isGreeting(text) ? GREETING : connection === 1 ? `$100\r\n${HALF}` : '+PONG\r\n'));
  const connection = open(`redis://127.0.0.1:${port}`);
  await expect(connection.send(command('GET', 'x'), 1)).rejects.toMatchObject({ code: 'bus_unavailable' });
  expect(await connection.send(command('PING'), 1)).toEqual(['PONG']);
});

it('leaves a server that does not speak RESP2', async () => {
  const { port } = await server(() => '%1\r\n+push\r\n+map\r\n');
  await expect(open(`redis://127.0.0.1:${port}`).send(command('PING'), 1)).rejects.toMatchObject({ code: 'bus_unavailable' });
});

it('leaves a primary that became a replica', async () => {
  const { port } = await server((connection, text) => (isGreeting(text) ? GREETING : connection === 1 ? '-READONLY You cannot write against a read only replica.\r\n' : '+OK\r\n'));
  const connection = open(`redis://127.0.0.1:${port}`);
  expect((await connection.send(command('SET', 'a', 'b'), 1))[0]).toBeInstanceOf(Error);
  await expect.poll(() => connection.send(command('SET', 'a', 'b'), 1)).toEqual(['OK']);
});

it('leaves a server that says nothing any more, however often it is asked meanwhile', async () => {
  const { port } = await server((_, text) => (isGreeting(text) ? GREETING : ''));
  const connection = open(`redis://127.0.0.1:${port}`);
  const asking = setInterval(() => void connection.send(command('PING'), 1).catch(() => undefined), 200);
  onTestFinished(() => clearInterval(asking));
  await expect(connection.send(command('GET', 'x'), 1)).rejects.toMatchObject({ code: 'bus_unavailable' });
}, 9_000);
