import { Controller } from '@nestjs/common';
import type { Message, OutgoingMessage } from '@nexus/channels';
import { ConsumesBatches } from '@nexus/runtime';
import { SettleHandler } from './handlers/settle.handler.js';

/** Nobody waits for a settlement: a moment's patience makes larger batches, which cost less each. */
const LINGER_MS = 20;

/** Channel in: usage.recorded. */
@Controller()
export class UsageConsumer {
  constructor(private readonly settlement: SettleHandler) {}

  @ConsumesBatches('usage.recorded', { lingerMs: LINGER_MS })
  async settle(batch: readonly Message<'usage.recorded'>[]): Promise<OutgoingMessage[]> {
    await this.settlement.handle(batch);
    return [];
  }
}
