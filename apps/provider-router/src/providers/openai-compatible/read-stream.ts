import { StreamAccumulator } from './accumulate-stream.js';
import { isRecord } from './read-message.js';
import { SseEventTooLarge, SseParser } from './sse-parser.js';

/** Gets each chunk of a stream as soon as it has come: the JSON as the provider wrote it, and what it says. Must not throw. */
export type OnPart = (json: Buffer, chunk: Readonly<Record<string, unknown>>) => void;

/** How a stream ended: at its `[DONE]`, with an error that the provider spoke, with something unreadable, or by closing. */
export type StreamEnd = { readonly kind: 'done' | 'closed' } | { readonly kind: 'spoken'; readonly body: unknown } | { readonly kind: 'unreadable'; readonly message: string };

/** Reads one streamed answer: hands its chunks on and grows the whole from them. */
export class StreamReader {
  readonly answer = new StreamAccumulator();
  /** True once a chunk has been handed on. */
  hasStarted = false;
  private readonly parser = new SseParser((data) => this.onEvent(data));
  private ended: StreamEnd | undefined;
  private isClosing = false;

  constructor(private readonly onPart: OnPart | undefined) {}

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

  private onEvent(data: Buffer): void {
    if (this.ended) return;
    if (isDone(data)) {
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
      this.answer.add(chunk);
      this.hasStarted = true;
      this.onPart?.(data, chunk);
    }
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
