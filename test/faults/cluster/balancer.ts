import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** One address for several replicas, as a Kubernetes service is. */
export interface Balancer {
  readonly port: number;
  close(): Promise<void>;
}

/** Leads each new connection to the next of `ports` that accepts it. */
export async function startBalancer(ports: readonly number[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let next = 0;
  const lead = (client: Socket, triesLeft: number): void => {
    const port = ports[next++ % ports.length] ?? 0;
    const replica = connect({ port, host: '127.0.0.1' });
    const end = (): void => {
      client.destroy();
      replica.destroy();
    };
    replica.once('error', () => (triesLeft > 1 ? lead(client, triesLeft - 1) : client.destroy()));
    replica.once('connect', () => {
      replica.removeAllListeners('error');
      for (const socket of [client, replica]) {
        sockets.add(socket);
        socket.setNoDelay(true).once('error', end).once('close', () => {
          sockets.delete(socket);
          end();
        });
      }
      client.pipe(replica).pipe(client);
    });
  };
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    lead(client, ports.length);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
