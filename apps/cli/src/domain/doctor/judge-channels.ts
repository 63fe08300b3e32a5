import { findingsOf, type Finding } from './finding.js';

/** One consumer group of a channel. */
export interface GroupFacts {
  readonly channel: string;
  readonly group: string;
  /** Entries that were never delivered; undefined when Redis cannot tell. */
  readonly waiting: number | undefined;
  /** Milliseconds since the oldest of them was published. */
  readonly oldestMs: number;
  /** Delivered and not acknowledged. */
  readonly pending: number;
  readonly consumers: readonly { readonly name: string; readonly idleMs: number; readonly pending: number }[];
}

const { ok, warning, failure } = findingsOf('channels');
/** A message that waits for so long has been forgotten. */
const LATE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Whether what is published is read: groups that nobody reads, messages that wait, consumers that are gone and hold something. */
export function judgeChannels(groups: readonly GroupFacts[]): Finding[] {
  const findings = groups.flatMap((group) => [...judgeLag(group), ...judgeConsumers(group)]);
  const waiting = groups.reduce((sum, group) => sum + (group.waiting ?? 0), 0);
  return findings.length > 0 ? findings : [ok(`${groups.length} groups read their channels; ${waiting} entries wait`)];
}

function judgeLag({ channel, group, waiting, oldestMs, consumers }: GroupFacts): Finding[] {
  const isLate = oldestMs > LATE_MS;
  if (waiting === 0 || !isLate) return [];
  const count = waiting === undefined ? 'entries' : `${waiting} entries`;
  const isRead = consumers.some(({ idleMs }) => idleMs < LATE_MS);
  return [isRead
    ? warning(`${count} of ${channel} wait, the oldest for ${spell(oldestMs)}`, `More comes than ${group} can handle: start more replicas of it, and look at its log and CPU.`)
    : failure(`${count} of ${channel} wait, the oldest for ${spell(oldestMs)}, and nobody reads`, `Start ${group}, or look at its log why it does not read.`)];
}

function judgeConsumers({ channel, consumers }: GroupFacts): Finding[] {
  return consumers.flatMap(({ name, idleMs, pending }) => {
    if (pending > 0 && idleMs > HOUR_MS) return [warning(`the consumer ${name} of ${channel} has held ${pending} entries for ${spell(idleMs)}`, 'Its replicas should have taken them over: look at the log of the service that reads the channel.')];
    if (pending === 0 && idleMs > 7 * DAY_MS) return [warning(`the consumer ${name} of ${channel} has not been seen for ${spell(idleMs)}`, `A replica that is gone for good: XGROUP DELCONSUMER ${channel} <group> ${name} removes it.`)];
    return [];
  });
}

function spell(ms: number): string {
  if (ms >= 2 * DAY_MS) return `${Math.round(ms / DAY_MS)} days`;
  if (ms >= 2 * HOUR_MS) return `${Math.round(ms / HOUR_MS)} hours`;
  return ms >= 120_000 ? `${Math.round(ms / 60_000)} minutes` : `${Math.round(ms / 1_000)} seconds`;
}
