import { AppError } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import type { BatchHandler, EachHandler } from './channel-bus.js';
import type { Delivered, Dispatcher, Settlement } from './work-consumer.js';

/** One batch after the other: each is one commit. */
export class BatchDispatcher<C extends ChannelName> implements Dispatcher<C> {
  constructor(private readonly handler: BatchHandler<C>) {}

  async dispatch(batch: readonly Delivered<C>[], settlement: Settlement<C>, signal: AbortSignal): Promise<void> {
    try {
      await this.untilSettled(batch, settlement, signal);
    } finally {
      for (const delivered of batch) settlement.leave(delivered);
    }
  }

  private async untilSettled(batch: readonly Delivered<C>[], settlement: Settlement<C>, signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted || failures === 0; failures++) {
      try {
        return await settlement.settle(batch, await this.handler(batch.map((delivered) => delivered.message)));
      } catch (error) {
        if (!AppError.from(error).isRetryable) return this.oneByOne(batch, settlement, signal);
        await settlement.pause(failures);
      }
    }
  }

  private async oneByOne(batch: readonly Delivered<C>[], settlement: Settlement<C>, signal: AbortSignal): Promise<void> {
    for (const delivered of batch) {
      for (let failures = 0; !signal.aborted; ) {
        try {
          await settlement.settle([delivered], await this.handler([delivered.message]));
          break;
        } catch (error) {
          if (!(await settlement.fail(delivered, ++failures, error))) break;
        }
      }
    }
  }
}

/** Every message for itself; the consumer reads on at once. */
export class EachDispatcher<C extends ChannelName> implements Dispatcher<C> {
  constructor(private readonly handler: EachHandler<C>) {}

  dispatch(batch: readonly Delivered<C>[], settlement: Settlement<C>, signal: AbortSignal): Promise<void> {
    for (const delivered of batch) void this.one(delivered, settlement, signal);
    return Promise.resolve();
  }

  private async one(delivered: Delivered<C>, settlement: Settlement<C>, signal: AbortSignal): Promise<void> {
    try {
      await this.untilSettled(delivered, settlement, signal);
    } finally {
      settlement.leave(delivered);
    }
  }

  private async untilSettled(delivered: Delivered<C>, settlement: Settlement<C>, signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; ) {
      try {
        return await settlement.settle([delivered], await this.handler(delivered.message, signal));
      } catch (error) {
        if (signal.aborted) return; // stays pending: the next consumer takes it over
        if (!(await settlement.fail(delivered, ++failures, error))) return;
      }
    }
  }
}
