/** What Redis answers: text of a status, a number, bytes, nothing, an error, or a list of these. */
export type RespValue = string | number | Buffer | null | Error | RespValue[];

interface OpenArray {
  readonly items: RespValue[];
  left: number;
}

const INCOMPLETE = Symbol('incomplete');

/**
 * Reads RESP2 replies from bytes as they come. Strings are views of the bytes that came, and a string that came in many pieces is put
 * together once; what was read of a large reply is never read again.
 */
export class RespDecoder {
  private rest: Buffer = Buffer.alloc(0);
  private at = 0;
  /** Pieces of a string that is not whole yet, and how many bytes it lacks. */
  private pieces: Buffer[] = [];
  private lacking = 0;
  private readonly open: OpenArray[] = [];

  constructor(private readonly onReply: (reply: RespValue) => void) {}

  /** Throws when the bytes are no RESP2: the connection is then of no use. */
  feed(bytes: Buffer): void {
    this.lacking -= bytes.length;
    if (this.lacking > 0) return void this.pieces.push(bytes);
    this.rest = this.at < this.rest.length ? Buffer.concat([this.rest.subarray(this.at), ...this.pieces, bytes]) : bytes;
    this.at = this.lacking = 0;
    this.pieces = [];
    for (;;) {
      const value = this.readValue();
      if (value === INCOMPLETE) return;
      this.complete(value);
    }
  }

  /** Puts a value where it belongs, and closes the arrays that it completes. */
  private complete(value: RespValue): void {
    let done = value;
    for (;;) {
      const parent = this.open.at(-1);
      if (!parent) return this.onReply(done);
      parent.items.push(done);
      if (--parent.left > 0) return;
      this.open.pop();
      done = parent.items;
    }
  }

  private readValue(): RespValue | typeof INCOMPLETE {
    for (;;) {
      const start = this.at;
      const end = this.rest.indexOf(0x0d, start);
      if (end < 0 || end + 1 >= this.rest.length) return INCOMPLETE;
      switch (this.rest[start]) {
        case 0x24: { // $ bulk string
          const length = this.number(start + 1, end);
          if (length < 0) return this.skipTo(end + 2, null);
          const from = end + 2;
          this.lacking = from + length + 2 - this.rest.length;
          if (this.lacking > 0) return INCOMPLETE;
          return this.skipTo(from + length + 2, this.rest.subarray(from, from + length));
        }
        case 0x2a: { // * array
          const length = this.number(start + 1, end);
          this.at = end + 2;
          if (length < 0) return null;
          if (length === 0) return [];
          this.open.push({ items: [], left: length });
          continue;
        }
        case 0x3a: return this.skipTo(end + 2, this.number(start + 1, end));
        case 0x2b: return this.skipTo(end + 2, this.rest.toString('latin1', start + 1, end));
        case 0x2d: return this.skipTo(end + 2, new Error(this.rest.toString('utf8', start + 1, end)));
        default: throw new Error('the server does not speak RESP2');
      }
    }
  }

  private skipTo<T extends RespValue>(at: number, value: T): T {
    this.at = at;
    return value;
  }

  private number(from: number, to: number): number {
    let value = 0;
    let at = from;
    const isNegative = this.rest[at] === 0x2d;
    if (isNegative) at++;
    for (; at < to; at++) value = value * 10 + ((this.rest[at] ?? 0) - 0x30);
    return isNegative ? -value : value;
  }
}
