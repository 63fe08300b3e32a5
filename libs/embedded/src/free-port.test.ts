import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { freePort } from './free-port.js';

it('gives a port that a server can listen on', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await expect(new Promise((resolve, reject) => server.once('listening', () => resolve('listening')).once('error', reject))).resolves.toBe('listening');
  server.close();
});
