import { ConnectError } from '@connectrpc/connect';

const MOST_TRIES = 3;

/**
 * True when the server never looked at a call, because it came on a connection that the server was closing: the server says so (RFC 9113,
 * 8.7), or the connection knew it before it sent anything.
 */
function isUntaken(error: unknown): boolean {
  const { rawMessage, cause } = ConnectError.from(error);
  return rawMessage.includes('REFUSED_STREAM') || (cause as NodeJS.ErrnoException | undefined)?.code === 'ERR_HTTP2_GOAWAY_SESSION';
}

/** Makes a call again that the server never looked at: that is safe whatever the call does, and the next one goes over a new connection. */
export async function untilTaken<T>(call: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await call();
    } catch (error) {
      if (tries >= MOST_TRIES || !isUntaken(error)) throw error;
    }
  }
}
