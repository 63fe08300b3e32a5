/**
 * What an adapter remembers beside the platform and NEXUS: which messages are not answered yet, and which posted message is to show which
 * answer. Small values (an answer at most). All methods reject with a retryable AppError while the store is away.
 */
export interface AdapterMemory {
  /** Whether what is kept outlives the process, kill -9 included. */
  readonly isDurable: boolean;
  get(key: string): Promise<string | undefined>;
  /** Kept until it is deleted, or for `expiresInMs`. Resolves when it is kept; a reader sees the old value or the new one, never half of one. */
  set(key: string, value: string, expiresInMs?: number): Promise<void>;
  delete(key: string): Promise<void>;
  /** Keys that begin with `prefix` and their values, of those that are kept without an end; in no order. */
  list(prefix: string): Promise<readonly (readonly [key: string, value: string])[]>;
  close(): Promise<void>;
}
