import { AppError } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import type { BatchHandler, EachHandler } from './channel-bus.js';
import type { Delivered, Settlement } from './settlement.js';

/** How a consumer hands over what it read; the two kinds differ in nothing else. */
export interface Dispatcher<C extends ChannelName> {
  /** Handles the batch; resolves when the consumer may read on. Never rejects: each message is settled, or left to the next consumer. */
  dispatch(batch: readonly Delivered<C>[], settlement: Settlement<C>, signal: AbortSignal): Promise<void>;
}

/** A batch that fails this often although a retry makes sense is halved all the same: one of its messages may be why. */
const TRIES_TOGETHER = 5;
/** How many batches or messages in trouble are mended beside the others at most. */
const MOST_ASIDE = 8;

/**
 * One batch after the other: each is one commit. One that fails is halved until what fails is alone, beside the batches that follow, so
 * that its neighbours lose little time; when the order counts (`isOrdered`), those wait until it is done.
 */
export class BatchDispatcher<C extends ChannelName> implements Dispatcher<C> {
  private aside = 0;

  constructor(
    private readonly handler: BatchHandler<C>,
    private readonly isOrdered: boolean,
  ) {}

  async dispatch(batch: readonly Delivered<C>[], settlement: Settlement<C>): Promise<void> {
    await this.handle(batch, settlement, TRIES_TOGETHER, 0);
  }

  /** Resolves true when there was no trouble; `failed` is how often a larger batch with these failed before. */
  private async handle(batch: readonly Delivered<C>[], settlement: Settlement<C>, tries: number, failed: number): Promise<boolean> {
    if (this.isOrdered && failed > 0 && settlement.isStopping) {
      settlement.leave(batch); // what stands before it may have been left
      return false;
    }
    const trouble = await this.tryTogether(batch, settlement, tries);
    if (trouble === undefined) return true;
    const mended = this.mend(batch, settlement, trouble, failed + 1);
    if (this.isOrdered || this.aside >= MOST_ASIDE) await mended;
    else {
      this.aside++;
      void mended.finally(() => this.aside--);
    }
    return false;
  }

  /** Resolves with the error that remains; with undefined when the batch is settled, or left. */
  private async tryTogether(batch: readonly Delivered<C>[], settlement: Settlement<C>, tries: number): Promise<AppError | undefined> {
    const messages = batch.map((delivered) => delivered.message);
    for (let failures = 1; !settlement.isStopping || failures === 1; failures++) {
      try {
        await settlement.settle(batch, await this.handler(messages));
        return undefined;
      } catch (error) {
        const known = AppError.from(error);
        if (settlement.isStopping) break;
        if (!known.isRetryable || failures >= tries || batch.length === 1) return known;
        await settlement.pause(failures);
      }
    }
    settlement.leave(batch);
    return undefined;
  }

  private async mend(batch: readonly Delivered<C>[], settlement: Settlement<C>, trouble: AppError, failed: number): Promise<void> {
    const [first] = batch;
    if (batch.length === 1 && first) return this.alone(first, settlement, trouble, this.isOrdered ? failed : 1); // when others wait, what it failed at together counts
    const middle = batch.length >> 1;
    const [left, right] = [batch.slice(0, middle), batch.slice(middle)];
    // what passes (a database that is away) would fail ever more calls at once
    if (!this.isOrdered && !trouble.isRetryable) return void (await Promise.all([left, right].map((half) => this.handle(half, settlement, 1, failed))));
    const isInRight = await this.handle(left, settlement, 1, failed);
    if (isInRight && !trouble.isRetryable && right.length > 1) await this.mend(right, settlement, trouble, failed);
    else await this.handle(right, settlement, 1, failed);
  }

  private async alone(delivered: Delivered<C>, settlement: Settlement<C>, trouble: unknown, failed: number): Promise<void> {
    for (let failures = failed, error = trouble; await settlement.fail(delivered, failures, error, this.isOrdered); failures++) {
      try {
        return await settlement.settle([delivered], await this.handler([delivered.message]));
      } catch (again) {
        error = again;
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
