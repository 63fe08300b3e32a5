import type { ChannelBus, ChannelMeasure } from '@nexus/channels';
import { channelNames, channels, type ChannelName } from '@nexus/contracts';
import type { Metrics } from '../metrics/metrics.js';

/** What a watch looks at. */
export interface ChannelWatchParts {
  readonly bus: Pick<ChannelBus, 'measure'>;
  readonly metrics: Metrics;
  readonly service: string;
}

const EVERY_MS = 5_000;
const SECOND_MS = 1_000;
/** Who measures the work channels that no service of NEXUS reads: answers are published by it. */
const FOR_NOBODY = 'orchestrator';

/** Measures what stands in the work channels of a service, and how far their groups are. */
export class ChannelWatch {
  private readonly watched: readonly ChannelName[];
  private readonly added = new Map<ChannelName, number>();
  private readonly groups = new Map<ChannelName, Set<string>>();
  private readonly entriesNow;
  private readonly entriesAdded;
  private readonly lag;
  private readonly pending;
  private readonly queueAge;
  private readonly pendingAge;

  constructor(private readonly parts: ChannelWatchParts) {
    const { metrics, service } = parts;
    this.watched = channelNames.filter((name) => channels[name].delivery === 'work' && (channels[name].group ?? FOR_NOBODY) === service);
    this.entriesNow = metrics.gauge('nexus_channel_entries', 'Entries that a channel holds, read or not; those of reply-tos are not counted. Each replica of the service that reads it tells the same number.', ['channel']);
    this.entriesAdded = metrics.counter('nexus_channel_entries_added_total', 'Entries ever added to a channel, by the count of Redis. Each replica tells the same number: take the largest, not the sum.', ['channel']);
    this.lag = metrics.gauge('nexus_channel_lag', 'Depth of the queue: entries that a consumer group was not handed yet, at most what the channel holds. Each replica tells the same number.', ['channel', 'group']);
    this.pending = metrics.gauge('nexus_channel_pending', 'Entries that a consumer group was handed and has not acknowledged. Each replica tells the same number.', ['channel', 'group']);
    this.queueAge = metrics.gauge('nexus_channel_queue_age_seconds', 'How long the oldest entry waits that a consumer group was not handed yet; 0 when none does.', ['channel', 'group']);
    this.pendingAge = metrics.gauge('nexus_channel_pending_age_seconds', 'Age of the oldest entry that a consumer group was handed and has not acknowledged; 0 when there is none.', ['channel', 'group']);
  }

  /** Looks now and every 5 seconds; gives what ends that. It waits for no look under way, which a bus that is away would hold up. */
  start(): () => Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let isEnded = this.watched.length === 0;
    const turn = async (): Promise<void> => {
      await this.check();
      if (!isEnded) timer = setTimeout(() => void turn(), EVERY_MS).unref();
    };
    void turn();
    return async () => {
      isEnded = true;
      clearTimeout(timer);
    };
  }

  /** Measures. Never rejects: while the bus does not answer its measures are absent, not old. */
  async check(): Promise<void> {
    await Promise.all(this.watched.map(async (channel) => {
      const measure = await this.parts.bus.measure(channel).catch(() => undefined);
      if (measure === undefined) this.forget(channel, new Set());
      else this.show(channel, measure);
    }));
  }

  private show(channel: ChannelName, { entries, added, groups }: ChannelMeasure): void {
    this.entriesNow.set({ channel }, entries);
    this.count(channel, added);
    this.forget(channel, new Set(groups.map(({ name }) => name)));
    for (const { name: group, lag, pending, queueAgeMs, pendingAgeMs } of groups) {
      this.lag.set({ channel, group }, lag);
      this.pending.set({ channel, group }, pending);
      this.queueAge.set({ channel, group }, queueAgeMs / SECOND_MS);
      this.pendingAge.set({ channel, group }, pendingAgeMs / SECOND_MS);
    }
  }

  /** A stream that began anew counts from nothing, as a process does that began anew. */
  private count(channel: ChannelName, added: number): void {
    const before = this.added.get(channel) ?? 0;
    if (added < before) this.entriesAdded.remove({ channel });
    this.entriesAdded.inc({ channel }, added < before ? added : added - before);
    this.added.set(channel, added);
  }

  /** The groups that are not there any more. */
  private forget(channel: ChannelName, there: ReadonlySet<string>): void {
    for (const group of this.groups.get(channel) ?? []) {
      if (there.has(group)) continue;
      for (const gauge of [this.lag, this.pending, this.queueAge, this.pendingAge]) gauge.remove({ channel, group });
    }
    if (there.size === 0) this.entriesNow.remove({ channel });
    this.groups.set(channel, new Set(there));
  }
}
