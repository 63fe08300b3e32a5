import type { AppError } from '@nexus/core';
import type { AnswerEvent } from './answer-event.js';
import type { ModelAnswer, ReadAnswer } from './model-answer.js';
import type { ModelRequest } from './model-request.js';

/** One server-sent event of a stream, parsed: JSON of `data`, and `event` where the wire names its events. */
export interface ServerEvent {
  readonly event: string | undefined;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Reads the events of one streamed answer. */
export interface AnswerReader {
  /** What an event says; nothing for one that says nothing to us. Events of unknown types are passed over. */
  read(event: ServerEvent): readonly AnswerEvent[];
  /** True once an event said that the answer is whole. */
  readonly isDone: boolean;
}

/** How NEXUS speaks to a provider. */
export interface UpstreamWire {
  /** The body of the request. Throws AppError `unsupported_value` (400) with its `param` for what the wire cannot say. */
  writeRequest(request: ModelRequest): Record<string, unknown>;
  /** What a body with status 200 says. */
  readAnswer(json: unknown): ReadAnswer;
  reader(): AnswerReader;
}

/** What an answer needs beside itself to be written to a client. */
export interface AnswerFrame {
  /** Of the answer, as the client sees it. */
  readonly id: string;
  /** As the client asked for it. */
  readonly model: string;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly request: ModelRequest;
}

/** Writes the events of one streamed answer: each call gives server-sent events as text, blank lines included. */
export interface AnswerWriter {
  write(event: AnswerEvent): string;
  /** After the last event: what ends the stream well. Without a `finish` before it, nothing. */
  end(): string;
  /** Ends the stream after an error. */
  fail(error: AppError): string;
}

/** How a client speaks to NEXUS. */
export interface ClientWire {
  /** Throws AppError (400) with its `param`. */
  readRequest(body: unknown): ModelRequest;
  writeAnswer(answer: ModelAnswer, frame: AnswerFrame): Record<string, unknown>;
  writer(frame: AnswerFrame): AnswerWriter;
  /** The body of an error that is answered with a status of its own. */
  writeError(error: AppError, requestId: string | undefined): Record<string, unknown>;
}
