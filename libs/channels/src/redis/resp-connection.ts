import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AppError } from '@nexus/core';
import type { RedisAddress } from './redis-address.js';
import { RespDecoder, type RespValue } from './resp-decoder.js';
import { RespEncoder } from './resp-encoder.js';

const CONNECT_WITHIN_MS = 3_000;
/** Redis answers at once or is not there; a read that blocks is given its time on top. */
const ANSWER_WITHIN_MS = 5_000;
const KEEP_ALIVE_MS = 30_000;
const WATCH_EVERY_MS = 1_000;

interface Awaited {
  readonly replies: RespValue[];
  readonly count: number;
  readonly resolve: (replies: RespValue[]) => void;
  readonly reject: (error: AppError) => void;
}

export interface RespConnectionOptions {
  /** As `CLIENT LIST` shows it. */
  readonly name: string;
  /** How long a command may block; default 0. */
  readonly blockMs?: number;
  /** Told which server it is, by the id of its run, each time a connection is made. */
  readonly onServer?: (runId: string) => void;
}

/**
 * One connection to Redis that sends bytes already encoded. It connects when it is needed; what was under way when a connection breaks,
 * or says nothing for too long, is rejected, since nobody knows whether it was done.
 */
export class RespConnection {
  /** Redis' own id of the connection; undefined while there is none, or where it may not be asked. */
  id: number | undefined;
  private socket: Socket | undefined;
  private ready: Promise<Socket> | undefined;
  private readonly awaited: Awaited[] = [];
  private isClosed = false;
  /** When the other end last sent a byte, or something began to be awaited. */
  private heardAt = 0;

  constructor(
    private readonly address: RedisAddress,
    private readonly options: RespConnectionOptions,
  ) {}

  /** Sends `count` commands; resolves with a reply for each, an Error where Redis refused one. Rejects with `bus_unavailable`. */
  async send(bytes: Buffer, count: number): Promise<RespValue[]> {
    return this.exchange(await (this.ready ??= this.connect()), bytes, count);
  }

  close(): void {
    this.isClosed = true;
    this.socket?.destroy();
  }

  private exchange(socket: Socket, bytes: Buffer, count: number): Promise<RespValue[]> {
    return new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(unavailable());
      if (this.awaited.length === 0) this.heardAt = performance.now();
      this.awaited.push({ replies: [], count, resolve, reject });
      socket.write(bytes);
    });
  }

  private async connect(): Promise<Socket> {
    if (this.isClosed) throw unavailable();
    const socket = (this.socket = this.open());
    const decoder = new RespDecoder((reply) => this.onReply(reply));
    let cause: unknown;
    socket.on('data', (bytes: Buffer) => {
      this.heardAt = performance.now();
      try {
        decoder.feed(bytes);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (error: Error) => void (cause = error));
    const watch = setInterval(() => this.watch(socket), WATCH_EVERY_MS).unref();
    socket.on('close', () => {
      clearInterval(watch);
      this.onClose(cause);
    });
    const timer = setTimeout(() => socket.destroy(), CONNECT_WITHIN_MS);
    try {
      await this.greet(socket);
    } finally {
      clearTimeout(timer);
    }
    return socket;
  }

  private open(): Socket {
    const { host, port, isTls } = this.address;
    const socket = isTls ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }) }) : connectTcp({ host, port });
    return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
  }

  /** AUTH and SELECT must succeed; the rest is good to have. */
  private async greet(socket: Socket): Promise<void> {
    const { user, password, database } = this.address;
    const encoder = new RespEncoder(512);
    if (password !== undefined) encoder.command('AUTH', ...(user === undefined ? [] : [user]), password);
    if (database > 0) encoder.command('SELECT', database);
    const needed = encoder.commands;
    encoder.command('CLIENT', 'SETNAME', this.options.name);
    encoder.command('CLIENT', 'ID');
    if (this.options.onServer) encoder.command('INFO', 'server');
    const count = encoder.commands;
    const replies = await this.exchange(socket, encoder.take(), count);
    const refused = replies.slice(0, needed).find((reply) => reply instanceof Error);
    if (refused) {
      socket.destroy();
      throw unavailable(refused);
    }
    const [, id, server] = replies.slice(needed);
    this.id = typeof id === 'number' ? id : undefined;
    const runId = /^run_id:(\w+)/m.exec(Buffer.isBuffer(server) ? server.toString('latin1') : '')?.[1];
    if (runId !== undefined) this.options.onServer?.(runId);
  }

  private onReply(reply: RespValue): void {
    const [first] = this.awaited;
    if (!first) return;
    first.replies.push(reply);
    if (first.replies.length < first.count) return;
    this.awaited.shift();
    first.resolve(first.replies);
    // After a failover this is the old primary: its name leads to the new one.
    if (reply instanceof Error && reply.message.startsWith('READONLY')) this.socket?.destroy(reply);
  }

  /**
   * Nothing was heard for long although something is awaited: the other end is gone, unless it was this process that slept. What is sent
   * meanwhile does not count, as it would to a timeout of the socket.
   */
  private watch(socket: Socket): void {
    if (this.awaited.length === 0 || performance.now() - this.heardAt < (this.options.blockMs ?? 0) + ANSWER_WITHIN_MS) return;
    const heard = socket.bytesRead;
    setImmediate(() => {
      if (this.awaited.length > 0 && socket.bytesRead === heard) socket.destroy(new Error('no answer'));
    });
  }

  private onClose(cause: unknown): void {
    this.socket = this.ready = this.id = undefined;
    const error = unavailable(cause);
    for (const { reject } of this.awaited.splice(0)) reject(error);
  }
}

function unavailable(cause?: unknown): AppError {
  return new AppError('bus_unavailable', 'Redis does not answer. Retry in a moment.', { status: 503, isRetryable: true, cause });
}
