import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { requireFreePort } from './port-check.js';

const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function occupy(headers: Record<string, string>): Promise<number> {
  const server = createServer((_request, response) => response.writeHead(200, headers).end());
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

it('finds a free port free', async () => {
  await expect(requireFreePort('127.0.0.1', 0)).resolves.toBeUndefined();
});

it('names NEXUS_PORT when the port is taken, and who has it', async () => {
  const port = await occupy({});
  await expect(requireFreePort('127.0.0.1', port)).rejects.toMatchObject({ code: 'port_taken', message: `Port ${port} of 127.0.0.1 is in use by another program. Stop it, or choose another port: NEXUS_PORT=${port + 1} npm start` });
  const other = await occupy({ 'x-request-id': '1' });
  await expect(requireFreePort('127.0.0.1', other)).rejects.toThrow(/by another NEXUS/);
});

it('names NEXUS_HOST when the address is not this machine\'s', async () => {
  await expect(requireFreePort('192.0.2.1', 8080)).rejects.toThrow(/NEXUS_HOST/);
});
