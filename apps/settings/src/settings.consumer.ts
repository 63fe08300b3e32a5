import { Controller } from '@nestjs/common';
import type { Message, OutgoingMessage } from '@nexus/channels';
import { ConsumesBatches } from '@nexus/runtime';
import { RecordAuditHandler } from './handlers/record-audit.handler.js';

/** audit.recorded: what the services report of who did what. */
@Controller()
export class SettingsConsumer {
  constructor(private readonly audit: RecordAuditHandler) {}

  @ConsumesBatches('audit.recorded')
  async record(batch: readonly Message<'audit.recorded'>[]): Promise<OutgoingMessage[]> {
    await this.audit.handle(batch);
    return [];
  }
}
