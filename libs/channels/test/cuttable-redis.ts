import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to Redis that can be harmed. */
export interface CuttableRedis {
  readonly url: string;
  /** Breaks the connections that carry the next reply with this text in it, before the reply arrives. */
  loseReplyWith(text: string): void;
  /** Lets the connections there are carry nothing more, without a word; later ones work. */
  freeze(): void;
  /** Replies arrive this much later. */
  delayRepliesMs: number;
  /** How often a reply was lost. */
  readonly lost: number;
  close(): Promise<void>;
}

/** A proxy before the Redis at `url`. */
export async function cuttableRedis(url: string): Promise<CuttableRedis> {
  const { hostname, port, pathname } = new URL(url);
  const pairs = new Set<{ readonly client: Socket; readonly redis: Socket; isFrozen: boolean }>();
  let unwanted: string | undefined;
  let lost = 0;
  const server = createServer((client) => {
    const redis = connect(Number(port), hostname);
    const pair = { client, redis, isFrozen: false };
    pairs.add(pair);
    client.on('data', (bytes) => void (pair.isFrozen || redis.write(bytes)));
    redis.on('data', (bytes) => {
      if (unwanted !== undefined && bytes.includes(unwanted)) {
        unwanted = undefined;
        lost++;
        client.destroy();
      } else if (proxy.delayRepliesMs > 0) setTimeout(() => void (pair.isFrozen || client.destroyed || client.write(bytes)), proxy.delayRepliesMs);
      else if (!pair.isFrozen) client.write(bytes);
    });
    for (const [from, to] of [[client, redis], [redis, client]] as const) {
      from.on('error', () => undefined);
      from.on('close', () => {
        pairs.delete(pair);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: CuttableRedis = {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`,
    loseReplyWith: (text) => void (unwanted = text),
    freeze: () => pairs.forEach((pair) => void (pair.isFrozen = true)),
    delayRepliesMs: 0,
    get lost() { return lost; },
    close: () => new Promise((resolve) => {
      for (const { client, redis } of pairs) [client, redis].forEach((socket) => socket.destroy());
      server.close(() => resolve());
    }),
  };
  return proxy;
}
