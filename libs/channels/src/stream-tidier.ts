import { channels, type ChannelName } from '@nexus/contracts';
import type { StreamTransport } from './stream-transport.js';

const DAY = 24 * 3_600_000;
/** How often a stream is tidied that no consumer here reads. */
const EVERY_MS = 10_000;
const MOST_KEYS = 10_000;

/** A consumer group that was removed because nobody read for it any more and it kept the stream from being trimmed. */
export interface DroppedGroup {
  readonly channel: ChannelName;
  readonly group: string;
  /** How long its oldest entry had been waiting, ms. */
  readonly waitedMs: number;
}

export interface TidierOptions {
  readonly groupIdleMs?: number;
  readonly onGroupDropped?: (dropped: DroppedGroup) => void;
}

/**
 * Keeps streams short: removes what is past its retention and acknowledged by every group, groups that were given up, and consumers that
 * are gone. A service's own channel is tidied by its consumers; the others by those who publish to them.
 */
export class StreamTidier {
  private readonly dueAt = new Map<string, number>();

  constructor(
    private readonly transport: StreamTransport,
    private readonly options: TidierOptions,
  ) {}

  /** Something was published; tidies when it is time, and nobody waits for that. */
  published(key: string, channel: ChannelName, isReply: boolean): void {
    const now = performance.now();
    const dueAt = this.dueAt.get(key);
    if (dueAt !== undefined && now < dueAt) return;
    if (this.dueAt.size >= MOST_KEYS) this.dueAt.clear();
    this.dueAt.set(key, now + EVERY_MS);
    if (dueAt === undefined && isReply) return; // most of these are written to once
    void this.tidy(key, channel).catch(() => undefined); // the next time will do
  }

  async tidy(key: string, channel: ChannelName): Promise<void> {
    const { group, retentionMs } = channels[channel];
    const groupIdleMs = this.options.groupIdleMs ?? Math.max(retentionMs, DAY);
    const dropped = await this.transport.tidy(key, { retentionMs, group, groupIdleMs, consumerIdleMs: DAY });
    for (const { name, waitedMs } of dropped) this.options.onGroupDropped?.({ channel, group: name, waitedMs });
  }
}
