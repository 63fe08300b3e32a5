import type { GroupRef, RawEntry, StreamReader } from '../stream-transport.js';
import { isGroupMissing, toBusError, toEntriesOfOneStream } from './replies.js';
import type { RespConnection } from './resp-connection.js';
import { RespEncoder } from './resp-encoder.js';

/** A blocking read that is this much overdue hangs on a dead connection. */
const OVERDUE_MS = 5_000;

/** One blocking connection. */
export class RedisReader implements StreamReader {
  private readonly encoder = new RespEncoder(512);

  constructor(
    private readonly connection: RespConnection,
    private readonly onClose: () => void,
  ) {}

  readGroup(ref: GroupRef, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    return this.read(['XREADGROUP', 'GROUP', ref.group, ref.consumer, 'COUNT', count], [ref.key, '>'], blockMs);
  }

  readAfter(key: string, afterId: string, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    return this.read(['XREAD', 'COUNT', count], [key, afterId], blockMs);
  }

  private async read(command: (string | number)[], streams: string[], blockMs: number): Promise<readonly RawEntry[]> {
    this.encoder.command(...command, ...(blockMs > 0 ? ['BLOCK', blockMs] : []), 'STREAMS', ...streams);
    const watchdog = setTimeout(() => this.connection.reset(), blockMs + OVERDUE_MS);
    try {
      const [reply] = await this.connection.send(this.encoder.take(), 1);
      if (!(reply instanceof Error)) return toEntriesOfOneStream(reply);
      throw isGroupMissing(reply) ? reply : toBusError(reply);
    } finally {
      clearTimeout(watchdog);
    }
  }

  close(): void {
    this.onClose();
    this.connection.close();
  }
}
