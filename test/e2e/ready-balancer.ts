import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** One address for several replicas. */
export interface ReadyBalancer {
  readonly port: number;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 100;

/** Leads each new connection to the next of `ports` whose service says that it is ready, as Kubernetes does; while none is, to the next one. */
export async function startReadyBalancer(ports: readonly number[]): Promise<ReadyBalancer> {
  const sockets = new Set<Socket>();
  let ready: readonly number[] = [];
  let next = 0;
  let isOver = false;
  const look = async (): Promise<void> => {
    const answers = await Promise.all(ports.map((port) => fetch(`http://127.0.0.1:${port}/health/ready`).then(({ ok }) => ok, () => false)));
    ready = ports.filter((_, i) => answers[i]);
    if (!isOver) timer = setTimeout(() => void look(), LOOK_EVERY_MS);
  };
  let timer = setTimeout(() => void look(), 0);
  const server = createServer((client) => {
    const candidates = ready.length > 0 ? ready : ports;
    const replica = connect({ port: candidates[next++ % candidates.length] ?? 0, host: '127.0.0.1' });
    for (const [one, other] of [[client, replica], [replica, client]] as const) {
      sockets.add(one);
      one.setNoDelay(true).on('error', () => one.destroy()).once('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
    client.pipe(replica).pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      isOver = true;
      clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
