import { connect, createServer, type AddressInfo } from 'node:net';
import { ServiceClients, asTenant, serviceNames, type ServiceName } from '../src/index.js';
import { expect, it, onTestFinished } from 'vitest';
import { SERVICE_TOKEN, TENANT_A, startTestService } from './test-service.js';

/** An address that leads to one replica after the other. */
async function startSwitch(): Promise<{ readonly url: string; lead(url: string): void }> {
  let port = 0;
  const server = createServer((client) => {
    const replica = connect(port, '127.0.0.1');
    for (const [one, other] of [[client, replica], [replica, client]] as const) one.on('error', () => one.destroy()).on('close', () => other.destroy());
    client.pipe(replica).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, lead: (url) => (port = Number(new URL(url).port)) };
}

it('moves on to the next replica when one stops, without a call that fails', async () => {
  const address = await startSwitch();
  const clients = new ServiceClients({ serviceToken: SERVICE_TOKEN, urls: Object.fromEntries(serviceNames.map((name) => [name, address.url])) as Record<ServiceName, string> });
  onTestFinished(() => clients.close());
  let replica = await startTestService();
  address.lead(replica.url);
  let calls = 0;
  let isOver = false;
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    while (!isOver) await clients.tools.listTools({}, asTenant(TENANT_A)).then(() => calls++, (error: unknown) => failures.push(error));
  };
  const workers = Array.from({ length: 20 }, worker);
  for (let turn = 0; turn < 8; turn++) {
    const before = calls;
    await expect.poll(() => calls, { interval: 5 }).toBeGreaterThan(before + 40);
    const next = await startTestService();
    address.lead(next.url);
    await replica.stop(5_000);
    replica = next;
  }
  isOver = true;
  await Promise.all(workers);
  await replica.stop(1_000);
  expect(failures).toEqual([]);
});
