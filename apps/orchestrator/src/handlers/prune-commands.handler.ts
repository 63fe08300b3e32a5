import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, deleteHourly, type Logger } from '@nexus/runtime';
import { CommandStore } from '../storage/command.store.js';

/** Deletes commands that nobody repeats any more, every hour. */
@Injectable()
export class PruneCommandsHandler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop = (): Promise<void> => Promise.resolve();

  constructor(
    @Inject(CommandStore) private readonly store: CommandStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = deleteHourly('commands', () => this.store.prune(), this.logger);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }
}
