const CRLF_LENGTH = 2;

/** Writes commands in RESP (https://redis.io/docs/latest/develop/reference/protocol-spec/) into one buffer. */
export class RespEncoder {
  /** Commands written since the last `take`. */
  commands = 0;
  private buffer: Buffer;
  /** Where that begins which was not taken yet. */
  private start = 0;
  private offset = 0;

  constructor(private readonly initialSize = 16_384) {
    this.buffer = Buffer.allocUnsafe(initialSize);
  }

  /** Begins a command of `parts` parts; each is then written by `text` or `bytes`. */
  begin(parts: number): void {
    this.commands++;
    this.reserve(16);
    this.lengthLine(0x2a, parts);
  }

  /** A whole command. */
  command(...parts: readonly (string | number | Buffer)[]): void {
    this.begin(parts.length);
    for (const part of parts) this.part(part);
  }

  part(value: string | number | Buffer): void {
    if (typeof value === 'object') this.bytes(value);
    else this.text(typeof value === 'number' ? String(value) : value);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.reserve(length + 24);
    this.lengthLine(0x24, length);
    this.offset += length === value.length ? this.buffer.write(value, this.offset, 'latin1') : this.buffer.write(value, this.offset, 'utf8');
    this.crlf();
  }

  bytes(value: Buffer): void {
    this.reserve(value.length + 24);
    this.lengthLine(0x24, value.length);
    this.offset += value.copy(this.buffer, this.offset);
    this.crlf();
  }

  /** What was written; the encoder then goes on behind it, since a buffer for each write would cost more than the write. */
  take(): Buffer {
    const taken = this.buffer.subarray(this.start, this.offset);
    this.start = this.offset;
    this.commands = 0;
    return taken;
  }

  private lengthLine(kind: number, length: number): void {
    this.buffer[this.offset++] = kind;
    if (length < 10) this.buffer[this.offset++] = 0x30 + length;
    else this.offset += this.buffer.write(String(length), this.offset, 'latin1');
    this.crlf();
  }

  private crlf(): void {
    this.buffer[this.offset++] = 0x0d;
    this.buffer[this.offset++] = 0x0a;
  }

  private reserve(bytes: number): void {
    const needed = this.offset + bytes + CRLF_LENGTH;
    if (needed <= this.buffer.length) return;
    const next = Buffer.allocUnsafe(Math.max(this.initialSize, 2 * (needed - this.start)));
    this.offset = this.buffer.copy(next, 0, this.start, this.offset);
    this.start = 0;
    this.buffer = next;
  }
}
