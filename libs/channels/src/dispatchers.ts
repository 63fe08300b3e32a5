import { AppError } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import type { BatchHandler, EachHandler } from './channel-bus.js';
import type { Delivered, Settlement } from './settlement.js';

/** How a consumer hands over what it read; the two kinds differ in nothing else. */
export interface Dispatcher<C extends ChannelName> {
  /** Handles the batch; resolves when the consumer may read on. Never rejects: each message is settled, or left to the next consumer. */
  dispatch(batch: readonly Delivered<C>[], settlement: Settlement<C>, signal: AbortSignal): Promise<void>;
}

/** One batch after the other: each is one commit. */
export class BatchDispatcher<C extends ChannelName> implements Dispatcher<C> {
  constructor(private readonly handler: BatchHandler<C>) {}

  async dispatch(batch: readonly Delivered<C>[], settlement: Settlement<C>): Promise<void> {
    const messages = batch.map((delivered) => delivered.message);
    for (let failures = 0; ; failures++) {
      try {
        return await settlement.settle(batch, await this.handler(messages));
      } catch (error) {
        if (!AppError.from(error).isRetryable) return this.oneByOne(batch, settlement);
        await settlement.pause(failures);
        if (settlement.isStopping) return settlement.leave(batch);
      }
    }
  }

  private async oneByOne(batch: readonly Delivered<C>[], settlement: Settlement<C>): Promise<void> {
    for (const delivered of batch) {
      if (settlement.isStopping) settlement.leave([delivered]);
      else await this.alone(delivered, settlement);
    }
  }

  private async alone(delivered: Delivered<C>, settlement: Settlement<C>): Promise<void> {
    for (let failures = 0; ; ) {
      try {
        return await settlement.settle([delivered], await this.handler([delivered.message]));
      } catch (error) {
        if (!(await settlement.fail(delivered, ++failures, error))) return;
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
    for (let failures = 0; ; ) {
      try {
        return await settlement.settle([delivered], await this.handler(delivered.message, signal));
      } catch (error) {
        if (signal.aborted) return settlement.leave([delivered]);
        if (!(await settlement.fail(delivered, ++failures, error))) return;
      }
    }
  }
}
