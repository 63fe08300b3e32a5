import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { create } from '@bufbuild/protobuf';
import { KeyKind, KeySchema } from '@nexus/contracts';
import { createLogger, type ResolvedKey } from '@nexus/runtime';
import { afterEach, expect, it } from 'vitest';
import { Cors } from './cors.js';
import { Door, type RawRoute } from './door.js';

const key: ResolvedKey = { tenantId: '00000000-0000-7000-8000-00000000000a', key: create(KeySchema, { id: 'key-1', kind: KeyKind.API }) };
const server = createServer();
afterEach(() => void server.close());

it('lets nobody in whose client left while the key was looked up: what counts them would never hear of their end', async () => {
  const lookedUp = Promise.withResolvers<ResolvedKey>();
  const served: (string | undefined)[] = [];
  const entered: ServerResponse[] = [];
  const route: RawRoute = {
    queues: [],
    serve(request, response) {
      served.push(request.url);
      response.end();
      return Promise.resolve();
    },
  };
  const door = new Door(
    { peek: () => undefined, resolve: () => lookedUp.promise }, { enter: (response) => void entered.push(response) }, new Map([['/files', route]]),
    () => () => undefined, new Cors([]), createLogger({ level: 'silent' }), { watch: () => undefined },
  );
  const requests: (readonly [IncomingMessage, ServerResponse])[] = [];
  server.on('request', (request, response) => {
    requests.push([request, response]);
    door.open(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ask = () => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('POST /files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer secret\r\ncontent-length: 9\r\n\r\nhalf');
    return socket;
  };
  const leaving = ask();
  await expect.poll(() => requests.length).toBe(1);
  leaving.destroy();
  await expect.poll(() => requests[0]?.[1].destroyed).toBe(true);
  const staying = ask();
  await expect.poll(() => requests.length).toBe(2);
  lookedUp.resolve(key);
  await once(staying, 'data');
  expect(served).toEqual(['/files']);
  expect(entered).toEqual([requests[1]?.[1]]);
  staying.destroy();
});
