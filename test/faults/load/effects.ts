import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the tools did to the outside world. */
export interface Effects {
  readonly url: string;
  /** How often each was called, by `<tool>/<number of the question>`. */
  readonly counts: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** Starts the outside world of the tools: an HTTP server that counts. */
export async function startEffects(): Promise<Effects> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const key = (request.url ?? '/').slice(1);
    counts.set(key, (counts.get(key) ?? 0) + 1);
    response.end(`counted ${key}`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
