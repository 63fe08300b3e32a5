import { Controller } from '@nestjs/common';
import type { Message, OutgoingMessage } from '@nexus/channels';
import { ConsumesBatches } from '@nexus/runtime';
import { RecordAuditHandler } from './handlers/record-audit.handler.js';
import { RecordEventsHandler } from './handlers/record-events.handler.js';

/** What the services report: who did what, and what those outside may want to know. */
@Controller()
export class SettingsConsumer {
  constructor(
    private readonly audit: RecordAuditHandler,
    private readonly events: RecordEventsHandler,
  ) {}

  @ConsumesBatches('audit.recorded')
  async record(batch: readonly Message<'audit.recorded'>[]): Promise<OutgoingMessage[]> {
    await this.audit.handle(batch);
    return [];
  }

  @ConsumesBatches('events.raised')
  async deliver(batch: readonly Message<'events.raised'>[]): Promise<OutgoingMessage[]> {
    await this.events.handle(batch);
    return [];
  }
}
