import { setTimeout as delay } from 'node:timers/promises';
import { AppError, backoffMs, failpoint } from '@nexus/core';
import type { ChannelName } from '@nexus/contracts';
import { abortableDelay } from './abortable-delay.js';
import type { Outcome, WorkOptions } from './channel-bus.js';
import { readId } from './envelope.js';
import type { InFlight } from './in-flight.js';
import type { Message } from './message.js';
import type { Publisher } from './publisher.js';
import { packRaw } from './raw-fields.js';
import type { RawEntry } from './stream-transport.js';

/** Between the tries of a message for which others wait: 1, 2, 3 ... ms. */
const SHORT_WAIT_MS = 1;

/** A message under way, with the entry it came from. */
export interface Delivered<C extends ChannelName> {
  readonly entry: RawEntry;
  readonly message: Message<C>;
}

export interface SettlementParts<C extends ChannelName> {
  readonly options: WorkOptions<C> & { readonly maxDeliveries: number };
  readonly key: string;
  readonly publisher: Publisher;
  readonly inFlight: InFlight;
  /** Aborts when the consumer stops. */
  readonly stopping: AbortSignal;
}

/** What becomes of messages after their handler: published and acknowledged, tried again, set aside, or left to the next consumer. */
export class Settlement<C extends ChannelName> {
  /** True when the grace period is over: what is not written by then is left to the next consumer. */
  isOver = false;
  /** Entries that were left to the next consumer. */
  readonly left: RawEntry[] = [];

  constructor(private readonly parts: SettlementParts<C>) {}

  get isStopping(): boolean {
    return this.parts.stopping.aborted;
  }

  /**
   * Resolves when the outcome is published; then acknowledges, and never before. While Redis is away or full it tries again: the
   * handler's work is done, and it may have cost money. Rejects when the outcome cannot be encoded, or when the grace period is over.
   */
  async settle(batch: readonly { readonly entry: RawEntry }[], outcome: Outcome): Promise<void> {
    let unwritten = outcome;
    await this.untilWritten(async () => {
      const refused = await this.parts.publisher.tryPublish(unwritten);
      unwritten = refused.map(({ message }) => message);
      if (refused[0]) throw refused[0].error;
    });
    failpoint('channels.after-publish');
    void this.acknowledge(batch.map(({ entry }) => entry.id));
  }

  /** Nobody waits for it, but until it is written the entries count as under way. */
  private async acknowledge(ids: readonly string[]): Promise<void> {
    await this.untilWritten(() => this.tryAcknowledge(ids)).catch(() => undefined); // then they come once more
    this.parts.inFlight.remove(ids);
  }

  /** What may be another consumer's by now stays pending, if it is: should that one fail, it comes once more. */
  private async tryAcknowledge(ids: readonly string[]): Promise<void> {
    const { publisher, key, inFlight, options } = this.parts;
    const { group, consumer } = options;
    const now = performance.now();
    const doubtful = ids.filter((id) => !inFlight.isSurelyOurs(id, now));
    if (doubtful.length === 0) return publisher.acknowledge({ key, group, ids });
    const sure = ids.filter((id) => !doubtful.includes(id));
    await Promise.all([publisher.acknowledge({ key, group, ids: doubtful, owner: consumer }), sure.length > 0 && publisher.acknowledge({ key, group, ids: sure })]);
  }

  private async untilWritten(write: () => Promise<void>): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        return await write();
      } catch (error) {
        const known = AppError.from(error);
        if (this.isOver || !known.isRetryable) throw error;
        this.parts.options.onHeldUp?.(known);
        await delay(waitMs(failures));
      }
    }
  }

  /**
   * One more failed delivery of one message: resolves true when it shall be tried again (after a wait), false when that is for others, or
   * for nobody. The wait is short when others wait behind it and its surroundings are not to blame.
   */
  async fail(delivered: Delivered<C>, failures: number, error: unknown, othersWait = false): Promise<boolean> {
    const known = AppError.from(error);
    const deliveries = delivered.entry.deliveries + failures - 1;
    if (!known.isRetryable && (known.code !== 'internal' || deliveries >= this.parts.options.maxDeliveries)) {
      await this.setAside(delivered.entry, delivered.message, error, deliveries);
      return false;
    }
    if (othersWait && !known.isRetryable) await abortableDelay(SHORT_WAIT_MS * failures, this.parts.stopping);
    else await this.pause(failures);
    if (this.isStopping) this.leave([delivered]);
    return !this.isStopping;
  }

  /** No longer under way: they stay pending, for the next consumer. */
  leave(batch: readonly { readonly entry: RawEntry }[]): void {
    for (const { entry } of batch) this.left.push(entry);
    this.parts.inFlight.remove(batch.map(({ entry }) => entry.id));
  }

  /** Waits out what is not the message's fault: a database that is away. */
  pause(failures: number): Promise<void> {
    return abortableDelay(waitMs(failures), this.parts.stopping);
  }

  /** Makes a dead letter of an entry. Never rejects: while the store is away the entry stays pending, and nothing is lost. */
  async setAside(entry: RawEntry, message: Message<C> | undefined, error: unknown, deliveries = entry.deliveries): Promise<void> {
    const { channel, group, onDeadLetter } = this.parts.options;
    const { code, message: reason } = AppError.from(error);
    const letter = { channel, group, entryId: entry.id, messageId: readId(entry.fields), raw: packRaw(entry.fields), reasonCode: code, reason, deliveries, message };
    for (let failures = 0; !this.isStopping; failures++) {
      try {
        const replies = await onDeadLetter(letter);
        return await this.settle([{ entry }], replies).catch(() => this.settle([{ entry }], [])); // a reply that cannot be encoded reaches nobody
      } catch {
        await this.pause(failures);
      }
    }
    this.leave([{ entry }]);
  }
}

/** At least 20 ms, at most about 2 s. */
export function waitMs(failures: number): number {
  return 20 + backoffMs(failures, 50, 2_000);
}
