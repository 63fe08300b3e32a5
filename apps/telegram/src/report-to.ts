import type { Logger } from '@nexus/runtime';
import type { TelegramOptions } from './telegram-surface.js';

type Report = NonNullable<TelegramOptions['report']>;

const told: Readonly<Record<Parameters<Report>[0], (logger: Logger, detail: number) => void>> = {
  poll: (logger, status) => logger.warn({ surface: 'telegram', status }, status === 409 ? 'another process asks for the updates of this bot' : 'Telegram gave no updates; asked again soon'),
  connect: (logger, status) => logger.warn({ surface: 'telegram', status }, 'Telegram does not answer yet; asked again soon'),
  flood: (logger, waitMs) => logger.info({ surface: 'telegram', wait_ms: waitMs }, 'Telegram asks to wait with a chat'),
  unsafe: (logger, count) => logger.warn({ surface: 'telegram', count }, 'a message is not safe with NEXUS yet; tried again soon'),
  dropped: (logger, status) => logger.error({ surface: 'telegram', status }, 'a message cannot be taken'),
};

/** What a surface reports, in the log: without chats, people or texts. */
export function reportTo(logger: Logger): Report {
  return (event, detail) => told[event](logger, detail);
}
