import type { IncomingRequest, ProcessedRequest, ProgressPart, Wire } from '@nexus/contracts';
import type { AppError } from '@nexus/core';

/** What NEXUS has to know of a request before it passes it on. */
export interface Asked {
  readonly model: string;
  readonly isStream: boolean;
  /** The client's own name of its user, where it names one. */
  readonly user: string | undefined;
}

/** What a client gets to know of one answer that NEXUS made itself. */
export interface AnswerIdentity {
  /** Without the prefix that each wire has for it. */
  readonly id: string;
  /** As the client wrote it. */
  readonly model: string;
  /** Unix seconds. */
  readonly created: number;
}

/** One stream of events, watched as it goes by, so that it can be ended well when it fails. */
export interface StreamTail {
  /** Called with all events that are sent, in order. */
  see?(events: Uint8Array | string): void;
  /** The events that end the stream after an error. */
  fail(error: AppError): string;
  /** The whole answer as the last events tell it; undefined where they do not. */
  answer?(): unknown;
}

/** An answer whose items clients may refer to. */
export interface KeptAnswer {
  /** A UUID. */
  readonly id: string;
  /** JSON texts. */
  readonly items: readonly string[];
}

/** How clients of a wire refer to what was answered before. */
export interface AnswerMemory<B> {
  /** The ids of the answers to whose items the body refers. */
  refersTo(body: B): readonly string[];
  /** The body with the items in the place of references. Throws an AppError (400) for one that is not among `kept`, the items by answer. */
  resolve(body: B, kept: ReadonlyMap<string, readonly string[]>): B;
  /** The client wants to be able to refer to the answer. */
  isKept(body: B): boolean;
  /** Undefined for an answer that others keep. */
  toKeep(answer: unknown): KeptAnswer | undefined;
}

/** A run of an agent as the events of one stream. */
export interface AgentStream extends StreamTail {
  /** To be called at most once, before all else. */
  begin(): string;
  /** Throws when the run says by now something else than what was streamed. */
  add(part: ProgressPart): string;
  /** The end of the stream, and its beginning where that was not written. Throws when there is no answer, or when what was streamed is not what was answered. */
  finish(answer: ProcessedRequest): string;
}

/** How agents are asked in a wire. `B` is a checked body. */
export interface AgentForm<B> {
  /** Throws an AppError (400) for what only a plain model can do. */
  request(body: B, agent: string, deadlineMs: number): IncomingRequest;
  /** Throws the run's error when there is no answer. */
  whole(answer: ProcessedRequest, identity: AnswerIdentity, body: B): object;
  stream(identity: AnswerIdentity, body: B): AgentStream;
}

/** One of the paths that lead to models, with the wire that its clients speak. `B` is a checked body. */
export interface ModelEndpoint<B = unknown> {
  readonly path: string;
  readonly wire: Wire;
  /** As OpenTelemetry names it. */
  readonly operation: 'chat' | 'embeddings';
  /** An Idempotency-Key means one request within this. */
  readonly keyScope: string;
  /** Throws an AppError (400) that names the first wrong place. All that is not checked passes through to the provider untouched. */
  check(body: unknown): B;
  ask(body: B): Asked;
  /** Headers (lower-case names) that a provider of the same wire gets too. */
  readonly passedHeaders: readonly string[];
  /** What follows the router's last event. */
  readonly endOfStream: string;
  /** A whole answer (JSON text) as the events that a client who asked for a stream expects; '' for what is no answer. */
  wholeAsEvents(json: string, body: B): string;
  tail(): StreamTail;
  /** Undefined where nothing can be referred to. */
  readonly memory?: AnswerMemory<B>;
  /** Undefined where models named agent/* cannot be asked. */
  readonly agents: AgentForm<B> | undefined;
}
