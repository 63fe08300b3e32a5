import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '@nexus/core';
import type { GroupRef, RawEntry, StreamReader } from '../stream-transport.js';
import { isGroupMissing, toBusError, toEntriesOfOneStream } from './replies.js';
import type { RespConnection } from './resp-connection.js';
import { RespEncoder } from './resp-encoder.js';

/** How often, and how many milliseconds apart, a read that blocks is asked to return. */
const MOST_UNBLOCKS = 100;
const UNBLOCK_EVERY_MS = 10;

export interface RedisReaderParts {
  readonly connection: RespConnection;
  /** Lets the command return that blocks this connection, over another one. */
  readonly unblock: (connectionId: number) => Promise<void>;
  readonly onClosed: () => void;
}

/** One blocking connection. */
export class RedisReader implements StreamReader {
  private readonly encoder = new RespEncoder(4_096);
  private readsOfGroup = 0;
  private isClosed = false;

  constructor(private readonly parts: RedisReaderParts) {}

  async readGroup(ref: GroupRef, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    this.readsOfGroup++;
    try {
      return await this.read(['XREADGROUP', 'GROUP', ref.group, ref.consumer, 'COUNT', count], [ref.key, '>'], blockMs);
    } finally {
      this.readsOfGroup--;
    }
  }

  readAfter(key: string, afterId: string, count: number, blockMs: number): Promise<readonly RawEntry[]> {
    return this.read(['XREAD', 'COUNT', count], [key, afterId], blockMs);
  }

  private async read(command: (string | number)[], streams: string[], blockMs: number): Promise<readonly RawEntry[]> {
    if (this.isClosed) throw new AppError('bus_unavailable', 'This reader is closed.', { status: 503, isRetryable: true });
    this.encoder.command(...command, ...(blockMs > 0 ? ['BLOCK', blockMs] : []), 'STREAMS', ...streams);
    const [reply] = await this.parts.connection.send(this.encoder.take(), 1);
    if (!(reply instanceof Error)) return toEntriesOfOneStream(reply);
    throw isGroupMissing(reply) ? reply : toBusError(reply);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    void this.end();
  }

  /** A read of a group is let come back: what Redis has handed out with it would otherwise lie until somebody claims it. */
  private async end(): Promise<void> {
    const { connection, unblock } = this.parts;
    try {
      for (let tries = 0; this.readsOfGroup > 0 && connection.id !== undefined && tries < MOST_UNBLOCKS; tries++) {
        await unblock(connection.id);
        await delay(UNBLOCK_EVERY_MS);
      }
    } catch {
      // Redis is away: there is nothing to come back
    }
    this.abandon();
  }

  /** Closes the connection, whatever is under way. */
  abandon(): void {
    this.isClosed = true;
    this.parts.connection.close();
    this.parts.onClosed();
  }
}
