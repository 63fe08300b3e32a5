import type { Logger } from '@nexus/runtime';
import type { DiscordObserver } from './discord-surface.js';

/** What a surface tells, in the log: without chats, people or texts. `end` is called when there is no going on without a change by the operator. */
export function reportTo(logger: Logger, end: () => void = () => undefined): DiscordObserver {
  return {
    onProblem: (doing, error) => logger.warn({ surface: 'discord', kind: doing, code: error.code, error }, 'an adapter has trouble and goes on'),
    onConnection: (isConnected) => logger.info({ surface: 'discord', state: isConnected ? 'connected' : 'disconnected' }, 'the gateway of Discord'),
    onLimited: (_route, forMs) => logger.debug({ surface: 'discord', wait_ms: forMs }, 'Discord asks to wait'),
    onFatal: (error) => {
      logger.fatal({ surface: 'discord', code: error.code }, error.message);
      end();
    },
  };
}
