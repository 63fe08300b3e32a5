import type { Redis } from 'ioredis';
import type { GroupRef, RawEntry, StreamReader } from '../stream-transport.js';
import { isGroupMissing, toBusError, toEntriesOfOneStream } from './replies.js';

/** A blocking read that is this much overdue hangs on a dead connection. */
const OVERDUE_MS = 5_000;

/** One blocking connection. */
export class RedisReader implements StreamReader {
  constructor(
    private readonly redis: Redis,
    private readonly onClose: () => void,
  ) {
    redis.on('error', () => undefined); // the read that fails reports it
  }

  readGroup(ref: GroupRef, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    const block = blockMs > 0 ? ['BLOCK', blockMs] : [];
    return this.read('xreadgroup', ['GROUP', ref.group, ref.consumer, 'COUNT', count, ...block, 'STREAMS', ref.key, '>'], blockMs);
  }

  readAfter(key: string, afterId: string, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    const block = blockMs > 0 ? ['BLOCK', blockMs] : [];
    return this.read('xread', ['COUNT', count, ...block, 'STREAMS', key, afterId], blockMs);
  }

  private async read(name: string, args: (string | number)[], blockMs: number): Promise<readonly RawEntry[]> {
    const watchdog = setTimeout(() => this.redis.disconnect(true), blockMs + OVERDUE_MS);
    try {
      return toEntriesOfOneStream(await this.redis.callBuffer(name, args));
    } catch (error) {
      if (isGroupMissing(error)) throw error;
      throw toBusError(error);
    } finally {
      clearTimeout(watchdog);
    }
  }

  close(): void {
    this.onClose();
    this.redis.disconnect();
  }
}
