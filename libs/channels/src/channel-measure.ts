/** How far one group of a channel is. */
export interface GroupMeasure {
  readonly name: string;
  /** Entries that it was not handed yet: Redis's own count, never more than the stream holds. */
  readonly lag: number;
  /** Entries that it was handed and has not acknowledged. */
  readonly pending: number;
  /** How long the oldest entry waits that it was not handed yet, milliseconds; 0 when none does. */
  readonly queueAgeMs: number;
  /** How long ago the oldest entry was published that it has not acknowledged, milliseconds; 0 when there is none. */
  readonly pendingAgeMs: number;
}

/** What a channel holds, over all of its partitions. */
export interface ChannelMeasure {
  /** Entries that are there, read or not. */
  readonly entries: number;
  /** Entries that were ever added. */
  readonly added: number;
  readonly groups: readonly GroupMeasure[];
}

/** The sum of partitions: entries are added up, of ages the longest counts. */
export function sumOfPartitions(partitions: readonly ChannelMeasure[]): ChannelMeasure {
  const groups = new Map<string, GroupMeasure>();
  for (const group of partitions.flatMap((partition) => partition.groups)) {
    const known = groups.get(group.name);
    groups.set(group.name, known === undefined ? group : {
      name: group.name,
      lag: known.lag + group.lag,
      pending: known.pending + group.pending,
      queueAgeMs: Math.max(known.queueAgeMs, group.queueAgeMs),
      pendingAgeMs: Math.max(known.pendingAgeMs, group.pendingAgeMs),
    });
  }
  return {
    entries: partitions.reduce((sum, { entries }) => sum + entries, 0),
    added: partitions.reduce((sum, { added }) => sum + added, 0),
    groups: [...groups.values()],
  };
}
