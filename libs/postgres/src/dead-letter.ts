/** An entry that a service could not handle. */
export interface NewDeadLetter {
  /** The system tenant when no tenant could be told. */
  readonly tenantId?: string;
  readonly channel: string;
  readonly group: string;
  /** Its place in its stream; with channel and group it makes the same letter again. */
  readonly entryId: string;
  readonly raw: Uint8Array;
  readonly reasonCode: string;
  /** Safe to show. */
  readonly reason: string;
  readonly deliveries: number;
  readonly messageId?: string;
}

/** A letter without its raw bytes, which may hold what people wrote. */
export interface StoredDeadLetter extends Required<Omit<NewDeadLetter, 'messageId' | 'raw'>> {
  readonly id: string;
  /** Empty when the entry had none that could be read. */
  readonly messageId: string;
  /** Of a letter that was replayed and failed again: when it failed for the very first time. */
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  /** How often it was replayed and failed again. */
  readonly replays: number;
}

/** What narrows a question; empty or absent is all. */
export interface DeadLetterFilter {
  readonly channel?: string;
  readonly group?: string;
  readonly reasonCode?: string;
}

/** A place in the order of letters, which is that of their last times. */
export interface DeadLetterPlace {
  readonly lastSeenAt: Date;
  readonly id: string;
}

/** Which letters to list. */
export interface DeadLetterQuery extends DeadLetterFilter {
  /** Only letters with this id, message id or entry id. */
  readonly about?: string;
  /** Only letters that come after this place, newest first. */
  readonly after?: DeadLetterPlace;
  /** Default 20, at most 100. */
  readonly limit?: number;
}

/** Which letters to replay or to purge: those with these ids, else all that the filter leaves. */
export interface DeadLetterSelection extends DeadLetterFilter {
  readonly ids?: readonly string[];
  /** Only letters last seen until then. */
  readonly seenUntil: Date;
}

/** The letters of one channel and group with one reason. */
export interface DeadLetterCount extends Required<DeadLetterFilter> {
  readonly count: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
}
