import { Code, ConnectError } from '@connectrpc/connect';
import { describeError, type Logger } from './logger.js';

/** A promise that nobody waited for, or a throw outside any handler: the state is unknown, so the process ends and is started anew. */
export function stopOnUnexpectedErrors(logger: Logger): void {
  const end = (error: unknown): void => {
    if (isLateGoaway(error)) return logger.debug({ error }, 'a connection that was left already has ended');
    logger.fatal({ error }, 'unexpected error');
    process.stderr.write(`${JSON.stringify(describeError(error))}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

/**
 * Whether an error is what connect-node raises of a connection it has left: when a server that stops says GOAWAY, the session manager
 * destroys the idle connection with an error, and nobody listens for it once the next call has opened another connection
 * (https://github.com/connectrpc/connect-es/issues/1768). No call was under way on it, so the state is known.
 */
function isLateGoaway(error: unknown): boolean {
  return error instanceof ConnectError && error.code === Code.Canceled && error.rawMessage === 'received GOAWAY without any open streams';
}
