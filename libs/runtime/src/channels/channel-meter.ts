import type { ChannelName } from '@nexus/contracts';
import { BoundedLabel } from '../metrics/bounded-label.js';
import { SECONDS, type Metrics } from '../metrics/metrics.js';

/** What a meter needs of a message. */
interface Delivered {
  readonly deliveries: number;
  readonly timestamp: number;
}

const SECOND_MS = 1_000;
/** Reasons of dead letters are error codes, which handlers may take from elsewhere. */
const MOST_CODES = 50;

/** Counts what a service is handed from its channels, how long it waited there, and how long it takes to handle it. */
export class ChannelMeter {
  private readonly deliveries;
  private readonly redeliveries;
  private readonly wait;
  private readonly handling;
  private readonly deadLetters;
  private readonly codes = new BoundedLabel(MOST_CODES);

  constructor(metrics: Metrics, private readonly service: string) {
    this.deliveries = metrics.counter('nexus_channel_deliveries_total', 'Messages that were handed to a handler, by what came of it: handled, or failed; one that is tried again counts again.', ['service', 'channel', 'outcome']);
    this.redeliveries = metrics.counter('nexus_channel_redeliveries_total', 'Messages that were handed out before, to a reader that died or failed.', ['service', 'channel']);
    this.wait = metrics.histogram('nexus_channel_wait_seconds', 'From the publication of a message to its handler, by the clocks of both: how long it waited in its queue.', ['service', 'channel'], SECONDS);
    this.handling = metrics.histogram('nexus_channel_handling_seconds', 'How long a handler took for what it was handed at once: a message or a batch.', ['service', 'channel'], SECONDS);
    this.deadLetters = metrics.counter('nexus_dead_letters_added_total', 'Messages that became dead letters, by the code of the reason.', ['service', 'channel', 'code']);
  }

  /** Zero until something happens, so that a rise from nothing is a rise. */
  watch(channel: ChannelName): void {
    const { service } = this;
    for (const outcome of ['handled', 'failed']) this.deliveries.inc({ service, channel, outcome }, 0);
    this.redeliveries.inc({ service, channel }, 0);
  }

  /** These messages are handed to their handler; gives what is to be told how that ended. */
  begin(channel: ChannelName, messages: readonly Delivered[]): (outcome: 'handled' | 'failed') => void {
    const { service } = this;
    const now = Date.now();
    for (const { deliveries, timestamp } of messages) {
      if (deliveries > 1) this.redeliveries.inc({ service, channel });
      else this.wait.observe({ service, channel }, Math.max(0, now - timestamp) / SECOND_MS);
    }
    const began = performance.now();
    return (outcome) => {
      this.handling.observe({ service, channel }, (performance.now() - began) / SECOND_MS);
      this.deliveries.inc({ service, channel, outcome }, messages.length);
    };
  }

  deadLetter(channel: ChannelName, code: string): void {
    this.deadLetters.inc({ service: this.service, channel, code: this.codes.of(code) });
  }
}
