import { fromJson, toJson } from '@bufbuild/protobuf';
import { IncomingRequestSchema, ProcessedRequestSchema, type IncomingRequest, type ProcessedRequest } from '@nexus/contracts';
import { z } from 'zod';
import { LiveText } from '../desk/live-text.js';
import type { MessageSpan } from '../observer.js';
import type { Place } from '../surface.js';

const recordSchema = z.object({
  id: z.string(),
  /** Orders the messages of a place as they came. */
  seq: z.number(),
  /** Unix milliseconds. */
  receivedAt: z.number(),
  chatId: z.string(),
  topicId: z.string(),
  /** The platform's own id of the person's message; '' when it is not known. */
  surfaceMessageId: z.string(),
  traceparent: z.string(),
  /** It asks NEXUS itself and waits for nobody. */
  isCommand: z.boolean(),
  /** IncomingRequest as JSON; undefined when the message itself was forgotten and only its answer came. */
  request: z.json().optional(),
  /** ProcessedRequest as JSON, once it is there. */
  answer: z.json().optional(),
  /** The platform's ids of the messages that show the answer, piece by piece. */
  slots: z.array(z.string()),
  /** How many of them were removed by somebody and made anew. */
  lives: z.number(),
});

/** What is remembered of a message until its answer is delivered. */
export type OpenRecord = z.infer<typeof recordSchema>;

/** A message whose answer is not delivered yet. */
export class OpenMessage {
  readonly live = new LiveText();
  /** Confirmed by NEXUS, or answered. */
  readonly accepted = Promise.withResolvers<void>();
  readonly closed = Promise.withResolvers<void>();
  /** Writes to the memory, one after the other. */
  writing: Promise<void> = Promise.resolve();
  isClosed = false;
  /** Nothing more is shown of it before its answer is whole. */
  isQuiet = false;
  /** How often it was refused for overload. */
  refusals = 0;
  /** What each slot shows, as far as this process knows, and since when (performance.now()). */
  readonly shown: (string | undefined)[] = [];
  readonly shownAt: (number | undefined)[] = [];
  answer: ProcessedRequest | undefined;
  readonly request: IncomingRequest | undefined;

  constructor(
    readonly record: OpenRecord,
    readonly span: MessageSpan | undefined,
  ) {
    this.request = record.request === undefined ? undefined : fromJson(IncomingRequestSchema, record.request, { ignoreUnknownFields: true });
    this.answer = record.answer === undefined ? undefined : fromJson(ProcessedRequestSchema, record.answer, { ignoreUnknownFields: true });
    this.accepted.promise.catch(() => undefined);
  }

  get id(): string {
    return this.record.id;
  }

  get place(): Place {
    return { chatId: this.record.chatId, topicId: this.record.topicId };
  }

  /** The answer is known from now on, also to the record. */
  setAnswer(answer: ProcessedRequest): void {
    this.answer = answer;
    this.record.answer = toJson(ProcessedRequestSchema, answer);
  }
}

/** The record of a text of the memory; undefined when it is none. */
export function parseRecord(text: string): OpenRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The request as a record keeps it. */
export function recordedRequest(request: IncomingRequest): OpenRecord['request'] {
  return toJson(IncomingRequestSchema, request);
}
