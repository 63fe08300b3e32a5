import type { AnswerEvent } from '@nexus/wires';
import { isRecord } from '../openai-compatible/read-message.js';
import type { GrowingAnswer } from './growing-answer.js';
import { SseEventTooLarge, SseParser } from './sse-parser.js';

type Chunk = Readonly<Record<string, unknown>>;

/**
 * Gets each event of a stream as soon as it has come: its JSON as the provider wrote it, what that is, its name where the wire has
 * names, and what it says in no wire's own form (nothing where that is not read). Must not throw.
 */
export type OnPart = (json: Buffer, chunk: Chunk, event: string | undefined, said: readonly AnswerEvent[]) => void;

/** How a stream ended: at its last event, with an error that the provider spoke, with something unreadable, or by closing. */
export type StreamEnd = { readonly kind: 'done' | 'closed' } | { readonly kind: 'spoken'; readonly body: unknown } | { readonly kind: 'unreadable'; readonly message: string };

interface HeldPart {
  readonly json: Buffer;
  readonly chunk: Chunk;
  readonly event: string | undefined;
  readonly said: readonly AnswerEvent[];
}

/**
 * Reads one streamed answer: hands its events on and grows the whole from them. What comes before the first piece of the answer waits for
 * it: as long as nothing has been handed on, another model may answer.
 */
export class StreamReader {
  /** True once an event has come. */
  hasBegun = false;
  /** True once an event has been handed on. */
  hasStarted = false;
  private readonly parser = new SseParser((data, event) => this.onEvent(data, event));
  private ended: StreamEnd | undefined;
  private isClosing = false;
  private held: HeldPart[] = [];

  constructor(
    readonly answer: GrowingAnswer,
    private readonly onPart: OnPart | undefined,
  ) {}

  /** Takes the next bytes; gives the end of the stream when they hold it. */
  feed(bytes: Buffer): StreamEnd | undefined {
    try {
      this.parser.feed(bytes);
    } catch (error) {
      if (!(error instanceof SseEventTooLarge)) throw error;
      this.ended ??= { kind: 'unreadable', message: 'sent a part of a stream that is too large' };
    }
    return this.ended;
  }

  /** The connection has ended well, which says nothing about the answer. */
  close(): StreamEnd {
    this.isClosing = true;
    this.parser.end();
    return this.ended ?? { kind: 'closed' };
  }

  private onEvent(data: Buffer, event: string | undefined): void {
    if (this.ended) return;
    if (isDone(data)) {
      this.release();
      this.ended = { kind: 'done' };
      return;
    }
    const chunk = parseObject(data);
    if (!chunk) {
      // What stands last in a stream that was cut off is cut off too: it is no chunk, and no fault of its own.
      if (!this.isClosing) this.ended = { kind: 'unreadable', message: 'sent a part of a stream that is no JSON object' };
    } else if (chunk['error'] !== undefined && chunk['error'] !== null) {
      this.ended = { kind: 'spoken', body: chunk };
    } else {
      const said = this.answer.add(chunk, event);
      const spoken = said.find((it) => it.kind === 'error');
      if (spoken) {
        this.ended = { kind: 'spoken', body: spoken.body };
        return;
      }
      this.hasBegun = true;
      if (this.hasStarted || this.answer.hasContent) {
        this.release();
        this.hasStarted = true;
        this.onPart?.(data, chunk, event, said);
      } else {
        this.held.push({ json: data, chunk, event, said });
      }
      if (this.answer.isDone) {
        this.release();
        this.ended = { kind: 'done' };
      }
    }
  }

  private release(): void {
    if (this.held.length === 0) return;
    this.hasStarted = true;
    for (const { json, chunk, event, said } of this.held) this.onPart?.(json, chunk, event, said);
    this.held = [];
  }
}

function isDone(data: Buffer): boolean {
  return data.length <= 8 && data.toString('latin1').trim() === '[DONE]';
}

function parseObject(json: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json.toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
