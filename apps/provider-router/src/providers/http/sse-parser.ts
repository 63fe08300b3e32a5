const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NEWLINE = Buffer.from('\n');
const EMPTY = Buffer.alloc(0);

/** An event grew beyond what a parser was told to hold. */
export class SseEventTooLarge extends Error {}

/**
 * Server-sent events from bytes, however they are cut (https://html.spec.whatwg.org/multipage/server-sent-events.html): LF, CRLF and
 * CR end a line, comments and fields other than `data` and `event` are skipped, several `data` lines are joined by LF. `onData` gets the
 * bytes as they came, which stay valid, and the name of the event where it has one. Throws SseEventTooLarge when one event is larger than `maxEventBytes`.
 */
export class SseParser {
  private rest: Buffer = EMPTY;
  private data: Buffer | undefined;
  private event: string | undefined;
  private skipsLf = false;
  private isFirst = true;

  constructor(
    private readonly onData: (data: Buffer, event: string | undefined) => void,
    private readonly maxEventBytes = 16 * 1024 * 1024,
  ) {}

  /** Takes the next bytes and hands out the events that they end. */
  feed(chunk: Buffer): void {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    // Bytes kept from before hold no end of a line, so the search begins behind them.
    let search = this.rest.length;
    let start = 0;
    if (this.skipsLf && bytes.length > 0) {
      if (bytes[0] === LF) start = search = 1;
      this.skipsLf = false;
    }
    // The next CR is looked for once and not again for each line: most streams have none.
    let cr = bytes.indexOf(CR, search);
    for (;;) {
      if (cr >= 0 && cr < search) cr = bytes.indexOf(CR, search);
      const lf = bytes.indexOf(LF, search);
      const end = lf < 0 || (cr >= 0 && cr < lf) ? cr : lf;
      if (end < 0) break;
      this.line(bytes, start, end);
      start = end + 1;
      if (bytes[end] === CR) {
        if (start === bytes.length) this.skipsLf = true;
        else if (bytes[start] === LF) start++;
      }
      search = start;
    }
    this.rest = start === bytes.length ? EMPTY : bytes.subarray(start);
    if (this.rest.length + (this.data?.length ?? 0) > this.maxEventBytes) throw new SseEventTooLarge('an event of the stream is too large');
  }

  /** The stream has ended: an event whose last line end is missing counts as an event. */
  end(): void {
    if (this.rest.length > 0) this.line(this.rest, 0, this.rest.length);
    this.rest = EMPTY;
    this.dispatch();
  }

  private line(bytes: Buffer, from: number, end: number): void {
    let start = from;
    if (this.isFirst) {
      this.isFirst = false;
      if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
    }
    if (start === end) return this.dispatch();
    // 'd' 'a' 't' 'a', then the colon or the end of the line
    if (bytes[start] !== 0x64 || bytes[start + 1] !== 0x61 || bytes[start + 2] !== 0x74 || bytes[start + 3] !== 0x61) return this.otherField(bytes, start, end);
    const colon = start + 4;
    if (colon < end && bytes[colon] !== COLON) return;
    const valueStart = colon + 1 < end && bytes[colon + 1] === SPACE ? colon + 2 : Math.min(colon + 1, end);
    const value = bytes.subarray(valueStart, end);
    this.data = this.data === undefined ? value : Buffer.concat([this.data, NEWLINE, value]);
  }

  private otherField(bytes: Buffer, start: number, end: number): void {
    // 'e', 'v'
    if (bytes[start] !== 0x65 || bytes[start + 1] !== 0x76) return;
    const field = bytes.toString('utf8', start, end);
    if (field.startsWith('event:')) this.event = field.slice(field[6] === ' ' ? 7 : 6);
    else if (field === 'event') this.event = '';
  }

  private dispatch(): void {
    const { data, event } = this;
    this.data = this.event = undefined;
    if (data !== undefined && data.length > 0) this.onData(data, event === '' ? undefined : event);
  }
}
