import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Flow, type FlowMode } from './fault-proxy-flow.js';

/** Where a fault proxy leads. */
export interface FaultProxyTarget {
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
}

/** A TCP proxy on 127.0.0.1 between two that shall be parted. Faults last until heal(), or happen once. */
export interface FaultProxy {
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** How often a fault hit something: a connection that was broken or refused, bytes that were held up, a reply that was lost. */
  readonly hits: number;
  /** Breaks what is open and refuses what is new. */
  cut(): void;
  /** Nothing passes in either direction, and nobody is told. What was sent meanwhile arrives after heal(). */
  blackhole(): void;
  /** Everything comes this much later. */
  delay(milliseconds: number): void;
  /** Everything comes slowly, in small pieces. */
  trickle(bytesPerSecond: number): void;
  /** Breaks what is open with a TCP reset; what is new passes. */
  reset(): void;
  /**
   * The next request that holds `text` reaches its server; as soon as the server answers, the connection is broken and the answer
   * is lost. Resolves when that has happened; rejects when the signal aborts before.
   */
  loseReplyTo(text: string, signal?: AbortSignal): Promise<void>;
  heal(): void;
  close(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly flows: readonly Flow[];
  isLosingReply: boolean;
}

/** After the first bytes of a reply: a server that answers in several pieces has finished its work by then. */
const LOSE_AFTER_MS = 20;

/** Starts a fault proxy in front of `target`. */
export async function startFaultProxy(target: FaultProxyTarget): Promise<FaultProxy> {
  const links = new Set<Link>();
  let mode: FlowMode = { kind: 'open' };
  let isCut = false;
  let hits = 0;
  let losing: { readonly text: string; readonly done: () => void } | undefined;

  const destroy = (link: Link, how: 'destroy' | 'resetAndDestroy' = 'destroy'): void => {
    links.delete(link);
    for (const flow of link.flows) flow.stop();
    link.client[how]();
    link.server[how]();
  };
  const lose = (link: Link): void => {
    link.isLosingReply = true;
    hits++;
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    if (isCut) {
      hits++;
      client.resetAndDestroy();
      return;
    }
    const upstream = connect({ port: target.port, host: target.host ?? '127.0.0.1', allowHalfOpen: true });
    const [out, back] = [new Flow(client, upstream, mode), new Flow(upstream, client, mode)];
    const link: Link = { client, server: upstream, flows: [out, back], isLosingReply: false };
    links.add(link);
    for (const socket of [client, upstream]) {
      socket.setNoDelay(true);
      socket.on('error', () => destroy(link));
      socket.on('close', () => destroy(link));
    }
    client.on('data', (bytes: Buffer) => {
      if (losing !== undefined && !link.isLosingReply && bytes.includes(losing.text)) lose(link);
      if (out.take(bytes)) hits++;
    });
    upstream.on('data', (bytes: Buffer) => {
      if (!link.isLosingReply) {
        if (back.take(bytes)) hits++;
        return;
      }
      const { done } = losing ?? {};
      losing = undefined;
      setTimeout(() => {
        destroy(link);
        done?.();
      }, LOSE_AFTER_MS);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const setMode = (next: FlowMode): void => {
    mode = next;
    for (const { flows } of links) for (const flow of flows) flow.setMode(mode);
  };
  const breakAll = (how: 'destroy' | 'resetAndDestroy'): void => {
    hits += links.size;
    for (const link of [...links]) destroy(link, how);
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return links.size;
    },
    get hits() {
      return hits;
    },
    cut: () => {
      isCut = true;
      breakAll('resetAndDestroy');
    },
    blackhole: () => setMode({ kind: 'hold' }),
    delay: (milliseconds) => setMode({ kind: 'delay', milliseconds }),
    trickle: (bytesPerSecond) => setMode({ kind: 'trickle', bytesPerSecond }),
    reset: () => breakAll('resetAndDestroy'),
    loseReplyTo: (text, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = (): void => {
          if (losing?.done === done) losing = undefined;
          reject(new Error(`Nothing that held ${JSON.stringify(text)} was asked.`));
        };
        const done = (): void => {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        };
        losing = { text, done };
        signal?.addEventListener('abort', onAbort, { once: true });
      }),
    heal: () => {
      isCut = false;
      setMode({ kind: 'open' });
    },
    close: async () => {
      breakAll('destroy');
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
