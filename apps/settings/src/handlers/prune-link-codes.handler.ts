import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { LOGGER, deleteHourly, type Logger } from '@nexus/runtime';
import { LinkCodeRepository } from '../storage/link-code.repository.js';

/** Deletes codes that are past use, every hour. */
@Injectable()
export class PruneLinkCodesHandler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private stop = (): Promise<void> => Promise.resolve();

  constructor(
    private readonly codes: LinkCodeRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.stop = deleteHourly('link codes', () => this.codes.prune(), this.logger);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }
}
