import type { Socket } from 'node:net';

/** So long a client may take to send its next request on a connection on which it was just answered. */
const IDLE_AFTER_MS = 500;

/** Finds the connections on which nothing happens: no request under way, and no byte heard for half a second. */
export class IdleSockets {
  private readonly quiet = new WeakMap<Socket, { readonly bytes: number; readonly since: number }>();

  /** `busy` are those with a request under way. */
  constructor(private readonly busy: () => readonly (Socket | null)[]) {}

  /** Must be asked several times: a connection is idle when it was found quiet for long enough. */
  of(sockets: Iterable<Socket>): readonly Socket[] {
    const now = performance.now();
    const busy = new Set(this.busy());
    return [...sockets].filter((socket) => {
      const { bytesRead: bytes } = socket;
      const before = this.quiet.get(socket);
      if (before !== undefined && before.bytes === bytes && !busy.has(socket)) return now - before.since >= IDLE_AFTER_MS;
      this.quiet.set(socket, { bytes, since: now });
      return false;
    });
  }
}
