/**
 * What must not compile. `tsc` checks this file with all tests: a line below `@ts-expect-error` that compiles is an error itself.
 * Nothing here is ever run.
 */
import type { DeadLetter, Message, OutgoingMessage } from '@nexus/channels';
import { ConsumesBatches, ConsumesEach, Follows, type ServiceName } from '../src/index.js';

export class Consumer {
  @ConsumesBatches('usage.recorded', { replyToDeadLetter: (letter: DeadLetter<'usage.recorded'>) => (letter.message?.payload.attemptId ? [] : []) })
  async records(_batch: readonly Message<'usage.recorded'>[]): Promise<OutgoingMessage[]> {
    return [];
  }

  @ConsumesEach('tools.execute', { concurrency: 2 })
  async call(_message: Message<'tools.execute'>, _signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    return [];
  }

  @Follows('settings.changed')
  changed(_batch: readonly Message<'settings.changed'>[]): void {}

  // @ts-expect-error a handler of another channel's payload
  @ConsumesBatches('usage.recorded')
  async mixedUp(_batch: readonly Message<'tools.execute'>[]): Promise<OutgoingMessage[]> {
    return [];
  }

  // @ts-expect-error a handler of one message under the decorator for batches
  @ConsumesBatches('tools.execute')
  async one(_message: Message<'tools.execute'>): Promise<OutgoingMessage[]> {
    return [];
  }

  // @ts-expect-error a handler of batches under the decorator for single messages
  @ConsumesEach('tools.execute')
  async many(_batch: readonly Message<'tools.execute'>[]): Promise<OutgoingMessage[]> {
    return [];
  }

  // @ts-expect-error a handler says what it publishes, if nothing then []
  @ConsumesBatches('audit.recorded')
  async silent(_batch: readonly Message<'audit.recorded'>[]): Promise<void> {}

  // @ts-expect-error there is no such channel
  @Follows('settings.change')
  misspelt(_batch: readonly Message<'settings.changed'>[]): void {}
}

export const known: ServiceName = 'tool-executor';
// @ts-expect-error no service of NEXUS
export const unknown: ServiceName = 'tools';
