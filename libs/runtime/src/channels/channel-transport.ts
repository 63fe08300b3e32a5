import { Server, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { ChannelBus, DeadLetter, Message, Outcome, Subscription } from '@nexus/channels';
import type { ChannelName } from '@nexus/contracts';
import type { AppError } from '@nexus/core';
import type { DeadLetterStore } from '@nexus/postgres';
import { firstValueFrom, isObservable } from 'rxjs';
import type { Logger } from '../logger.js';
import type { ChannelMeter } from './channel-meter.js';
import type { Registration } from './consumes.js';
import { FailureLog } from './failure-log.js';
import { storeDeadLetter } from './store-dead-letter.js';

export interface ChannelTransportOptions {
  readonly bus: ChannelBus;
  /** The consumer group: the service's name. */
  readonly group: string;
  /** The consumer in the group: the replica's name. */
  readonly consumer: string;
  readonly deadLetters: DeadLetterStore | undefined;
  readonly logger: Logger;
  readonly meter: ChannelMeter;
  /** An entry that its reader left alone for so many milliseconds may be taken over; default: the channels' own. */
  readonly claimIdleMs?: number | undefined;
}

/** Nest's transport over the channels: gives each decorated handler its subscription. */
export class ChannelTransport extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  private subscriptions: Subscription[] = [];
  private readonly failures: FailureLog;
  private isClosing = false;

  constructor(private readonly options: ChannelTransportOptions) {
    super();
    this.failures = new FailureLog(options.logger);
  }

  listen(callback: (error?: unknown) => void): void {
    for (const [channel, handler] of this.getHandlers()) {
      if (handler.next) throw new Error(`${channel} has two handlers in one service: one must do`);
      this.subscriptions.push(this.subscribe(channel as ChannelName, handler));
    }
    Promise.all(this.subscriptions.map((subscription) => subscription.ready)).then(() => callback(), callback);
  }

  private subscribe(channel: ChannelName, handler: MessageHandler): Subscription {
    const { bus, group, consumer, claimIdleMs } = this.options;
    const registration = handler.extras?.['registration'] as Registration;
    if (registration.kind === 'follows') {
      return bus.follow(channel, (batch) => {
        this.call(handler, batch).catch((error: unknown) => this.options.logger.error({ channel, error }, 'a follower failed'));
      });
    }
    this.options.meter.watch(channel);
    const work = {
      ...(claimIdleMs !== undefined && { claimIdleMs }), ...registration.options, channel, group, consumer,
      onDeadLetter: (letter: DeadLetter) => this.watched(channel, this.setAside(letter, registration.options.replyToDeadLetter)),
      onHeldUp: (error: AppError) => this.failures.report(channel, error),
    };
    return registration.kind === 'batches'
      ? bus.consumeBatches(work, (batch) => this.metered(channel, batch, () => this.call(handler, batch)))
      : bus.consumeEach(work, (message, signal) => this.metered(channel, [message], () => this.call(handler, message, signal)));
  }

  private async call(handler: MessageHandler, input: Message<ChannelName> | readonly Message<ChannelName>[], signal?: AbortSignal): Promise<Outcome> {
    const result: unknown = await handler(input, signal);
    return ((isObservable(result) ? await firstValueFrom(result, { defaultValue: [] }) : result) ?? []) as Outcome;
  }

  private async metered(channel: ChannelName, messages: readonly Message<ChannelName>[], handle: () => Promise<Outcome>): Promise<Outcome> {
    const ended = this.options.meter.begin(channel, messages);
    try {
      const outcome = await this.watched(channel, handle());
      ended('handled');
      return outcome;
    } catch (error) {
      if (!this.isClosing) ended('failed');
      throw error;
    }
  }

  /** Reports a failure on its way to the consumer, which decides what follows; one that comes of stopping is none. */
  private async watched(channel: ChannelName, outcome: Promise<Outcome>): Promise<Outcome> {
    try {
      return await outcome;
    } catch (error) {
      if (!this.isClosing) this.failures.report(channel, error);
      throw error;
    }
  }

  private async setAside(letter: DeadLetter, reply: ((letter: DeadLetter) => Outcome) | undefined): Promise<Outcome> {
    await storeDeadLetter(letter, this.options.deadLetters, this.options.logger);
    this.options.meter.deadLetter(letter.channel, letter.reasonCode);
    try {
      return reply?.(letter) ?? [];
    } catch (error) {
      this.options.logger.error({ channel: letter.channel, error }, 'a dead letter could not be answered');
      return []; // it is stored: a reply that fails must not make it come again
    }
  }

  /** Stops reading; what is under way has `graceMs` to finish (default: 10,000). */
  async close(graceMs?: number): Promise<void> {
    const { subscriptions } = this;
    this.isClosing = true;
    this.subscriptions = [];
    await Promise.all(subscriptions.map((subscription) => subscription.stop(graceMs)));
  }

  on(): never {
    throw new Error('ChannelTransport has no events');
  }

  unwrap<T>(): T {
    return this.options.bus as T;
  }
}
