import type { AppError } from '@nexus/core';
import type { ChannelMeasure } from './channel-measure.js';

/** An entry as the stream holds it. */
export interface RawEntry {
  readonly id: string;
  /** Names and values in turn. */
  readonly fields: readonly Buffer[];
  readonly deliveries: number;
}

/** An entry to append. */
export interface NewEntry {
  readonly key: string;
  /** Names and values in turn. */
  readonly fields: readonly (string | Buffer)[];
  /** The whole key expires when nothing is added for this long. */
  readonly expireMs?: number | undefined;
  /** Appends nothing when this marker was used within `markerMs`. */
  readonly once?: { readonly marker: string; readonly markerMs: number } | undefined;
}

export interface Acknowledgement {
  readonly key: string;
  readonly group: string;
  readonly ids: readonly string[];
  /** Acknowledges only those that are this consumer's; by default whosever they are. */
  readonly owner?: string | undefined;
}

export type StreamCommand = NewEntry | Acknowledgement;

/** The commands of a write that were refused, by their place in it; none, mostly. */
export type Refusals = ReadonlyMap<number, AppError>;

export const NOTHING_REFUSED: Refusals = new Map();

/** An entry that was taken and not acknowledged. */
export interface PendingEntry {
  readonly id: string;
  /** How often it was handed out. */
  readonly deliveries: number;
}

/** What `tidy` removes from a stream. */
export interface TidyPolicy {
  /** Younger entries stay. */
  readonly retentionMs: number;
  /** The service's own group: it is never dropped, and nothing is trimmed while it is missing. Undefined: no service reads this. */
  readonly group: string | undefined;
  /** Another group may go when for this long it was handed nothing, and its oldest entry waits. */
  readonly groupIdleMs: number;
  /** A consumer without entries may go after this time. */
  readonly consumerIdleMs: number;
}

/** A group that was dropped. */
export interface IdleGroup {
  readonly name: string;
  /** How long its oldest entry had been waiting. */
  readonly waitedMs: number;
}

/** The group of a stream, as one of its consumers sees it. */
export interface GroupRef {
  readonly key: string;
  readonly group: string;
  readonly consumer: string;
}

/** A connection of its own for reads that block. */
export interface StreamReader {
  /** New entries of the group; empty after `blockMs` without any. */
  readGroup(ref: GroupRef, count: number, blockMs: number): Promise<readonly RawEntry[]>;
  /** Entries after `afterId`; empty after `blockMs` without any. */
  readAfter(key: string, afterId: string, count: number, blockMs: number): Promise<readonly RawEntry[]>;
  /** Ends a read that blocks: its promise resolves with what the group's reader was handed until then, or rejects. */
  close(): void;
}

/** What channels need of a stream store: Redis, or the twin in memory. */
export interface StreamTransport {
  readonly kind: 'redis' | 'memory';
  /** Carries out the commands in their order and in one round trip; answers those that were refused. Rejects when nobody knows what was done. */
  write(commands: readonly StreamCommand[]): Promise<Refusals>;
  openReader(): StreamReader;
  /** Creates stream and group at the beginning; nothing happens when they are there. */
  createGroup(key: string, group: string): Promise<void>;
  /** What this consumer took and never acknowledged, oldest first; of what stands before `beforeId`, if that is given. */
  ownPending(ref: GroupRef, afterId: string, count: number, beforeId?: string): Promise<readonly PendingEntry[]>;
  /** What anybody took and left alone for `minIdleMs`, oldest first. */
  abandoned(ref: GroupRef, minIdleMs: number, count: number): Promise<readonly PendingEntry[]>;
  /** Takes over those that are still left alone for `minIdleMs`, each counted as one more delivery. */
  claim(ref: GroupRef, pending: readonly PendingEntry[], minIdleMs: number): Promise<readonly RawEntry[]>;
  /** Makes entries that this consumer still owns look fresh; gives back those that it owns. */
  refresh(ref: GroupRef, ids: readonly string[]): Promise<readonly string[]>;
  /** Makes entries that this consumer still owns look left alone for `idleMs`, and handed out as often as they say here. */
  handBack(ref: GroupRef, entries: readonly PendingEntry[], idleMs: number): Promise<void>;
  /** How long the oldest entry waits that the group was not handed yet, ms; 0 when none waits. Without the group, all wait. */
  queueAge(key: string, group: string): Promise<number>;
  /** What the stream holds and how far each of its groups is; nothing of a stream that is not there. */
  measure(key: string): Promise<ChannelMeasure>;
  /** Is called when another server answers than before. */
  onOtherServer(listener: () => void): void;
  /** The newest id of a stream, `0-0` when it is empty. */
  lastId(key: string): Promise<string>;
  range(key: string, afterId: string, count: number): Promise<readonly RawEntry[]>;
  /**
   * Trims what is past its retention and acknowledged by every group; drops groups that hold this up and were given up, and consumers that
   * are gone. Goes by the store's own clock. Gives back the groups that it dropped.
   */
  tidy(key: string, policy: TidyPolicy): Promise<readonly IdleGroup[]>;
  /** Trims everything up to this id, included. */
  trimThrough(key: string, id: string): Promise<void>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
