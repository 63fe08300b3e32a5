import type { Logger } from './logger.js';

const FIRST_AFTER_MS = 60_000;
const EVERY_MS = 3_600_000;

/**
 * Deletes what has expired a minute after the start and then every hour; gives what ends that and waits for the deletion that is under
 * way. A failure is logged: the next hour makes up for it.
 */
export function deleteHourly(what: string, deleteExpired: () => Promise<number>, logger: Pick<Logger, 'info' | 'warn'>): () => Promise<void> {
  let underWay: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;
  const turn = (): void => {
    underWay = deleteExpired()
      .then((count) => count > 0 && logger.info({ count }, `${what} that had expired were deleted`))
      .catch((error: unknown) => logger.warn({ error }, `${what} that have expired could not be deleted`))
      .then(() => undefined);
    timer = setTimeout(turn, EVERY_MS).unref();
  };
  timer = setTimeout(turn, FIRST_AFTER_MS).unref();
  return () => {
    clearTimeout(timer);
    return underWay;
  };
}
