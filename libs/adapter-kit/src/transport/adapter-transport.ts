import type { IncomingRequest, ProcessedRequest } from '@nexus/contracts';
import type { AppError } from '@nexus/core';

/** A message on its way to NEXUS. The same id again starts nothing and brings the same answer. */
export interface AdapterMessage {
  readonly id: string;
  readonly request: IncomingRequest;
  /** W3C; '' for none. */
  readonly traceparent: string;
}

/** One thing that is told of a message while it is worked on. */
export type LivePart =
  | { readonly kind: 'accepted'; readonly queuedBehind: number }
  | { readonly kind: 'text'; readonly epoch: number; readonly step: number; readonly text: string }
  /** What was told of this message's text in earlier epochs is void. */
  | { readonly kind: 'reset'; readonly epoch: number }
  | { readonly kind: 'tool'; readonly name: string; readonly step: number };

/** Hears what a transport brings. */
export interface TransportListener {
  /** In the order in which they were made; a part may be missing, an answer never. */
  onPart(messageId: string, part: LivePart): void;
  /** May come more than once. Resolves when the answer is safe: only then may it be forgotten. */
  onAnswer(answer: ProcessedRequest, signal: AbortSignal): Promise<void>;
  /** The connection to NEXUS is there again, or something may have been lost on the way: what is open may be sent again at once. */
  onReconnected(): void;
  /** Something is wrong, and the transport goes on: it was refused, say. */
  onProblem(error: AppError): void;
}

/** A file as NEXUS keeps it. */
export interface KeptFile {
  /** `nexus:file/<id>`. */
  readonly uri: string;
  /** As its bytes say. */
  readonly mediaType: string;
}

/** A file with its bytes. */
export interface FetchedFile extends Omit<KeptFile, 'uri'> {
  readonly name: string;
  readonly content: Uint8Array;
}

/** How an adapter and NEXUS reach each other: over Redis, or over a WebSocket of the gateway. */
export interface AdapterTransport {
  /** Begins to listen; resolves when an answer to what is sent from now on would be heard. */
  start(listener: TransportListener): Promise<void>;
  /** Resolves when the message stands on the way; rejects with a retryable AppError when nobody knows. */
  send(message: AdapterMessage): Promise<void>;
  /** Keeps a file under an id: the same again keeps nothing twice. Rejects with AppError `no_gateway` where there is no way for files. */
  putFile(id: string, name: string, content: Uint8Array): Promise<KeptFile>;
  getFile(uri: string): Promise<FetchedFile>;
  readonly isConnected: boolean;
  stop(): Promise<void>;
}
