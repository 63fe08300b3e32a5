import type { AppError } from '@nexus/core';

/**
 * What is counted. messages: of people, each once. answers: delivered. refusals: answers that are a refusal. posts, edits: calls to the
 * platform that succeeded. republished: messages that were sent to NEXUS once more. reconnects: of the transport. failures: calls to the
 * platform that failed.
 */
export type AdapterCount = 'messages' | 'answers' | 'refusals' | 'posts' | 'edits' | 'republished' | 'reconnects' | 'failures';

/** The trace of one message, from its arrival to its delivered answer. */
export interface MessageSpan {
  /** W3C, for what follows from the message. */
  readonly traceparent: string;
  end(error?: AppError): void;
}

/** Looks on: for metrics, traces and logs. What it throws is not caught, so it must not throw. */
export interface AdapterObserver {
  count?(what: AdapterCount): void;
  /** A message of a person has come for the first time. */
  startMessage?(message: { readonly messageId: string; readonly surface: string }): MessageSpan;
  /** Milliseconds from a message's arrival to its delivered answer. */
  answered?(durationMs: number): void;
  /** Something went wrong, and the adapter goes on. `doing` says what it did: `post`, `edit`, `remove`, `answer`, `notify`, `file`, `transport`, and, of each once in ten seconds, `publish` and `remember`. */
  problem?(doing: string, error: AppError): void;
}
