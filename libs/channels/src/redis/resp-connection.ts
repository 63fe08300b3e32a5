import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AppError } from '@nexus/core';
import { RespDecoder, type RespValue } from './resp-decoder.js';
import { RespEncoder } from './resp-encoder.js';

const CONNECT_WITHIN_MS = 3_000;

interface Awaited {
  readonly replies: RespValue[];
  readonly count: number;
  readonly resolve: (replies: RespValue[]) => void;
  readonly reject: (error: AppError) => void;
}

/**
 * One connection to Redis that sends bytes already encoded, for the paths where every microsecond counts; ioredis does the rest. It
 * connects when it is needed; what was under way when a connection breaks is rejected, since nobody knows whether it was done.
 */
export class RespConnection {
  private socket: Promise<Socket> | undefined;
  private readonly waiting: Awaited[] = [];
  private first = 0;
  private isClosed = false;

  constructor(
    private readonly url: string,
    private readonly name: string,
  ) {}

  /** Sends `count` commands; resolves with a reply for each, an Error where Redis refused one. Rejects with `bus_unavailable`. */
  async send(bytes: Buffer, count: number): Promise<RespValue[]> {
    const socket = await (this.socket ??= this.connect());
    return this.exchange(socket, bytes, count);
  }

  /** Breaks off what is under way; the next `send` connects anew. */
  reset(): void {
    void this.socket?.then((socket) => socket.destroy(), () => undefined);
  }

  close(): void {
    this.isClosed = true;
    this.reset();
  }

  private exchange(socket: Socket, bytes: Buffer, count: number): Promise<RespValue[]> {
    return new Promise((resolve, reject) => {
      if (socket.destroyed) return reject(unavailable());
      this.waiting.push({ replies: [], count, resolve, reject });
      socket.write(bytes);
    });
  }

  private async connect(): Promise<Socket> {
    if (this.isClosed) throw unavailable();
    const url = new URL(this.url);
    const address = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) };
    const socket = url.protocol === 'rediss:' ? connectTls({ ...address, servername: address.host }) : connectTcp(address);
    socket.setNoDelay(true);
    const decoder = new RespDecoder((reply) => this.onReply(reply));
    socket.on('data', (bytes: Buffer) => {
      try {
        decoder.feed(bytes);
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    let cause: unknown;
    socket.on('error', (error: Error) => {
      cause = error;
    });
    socket.on('close', () => this.onClose(cause));
    const timer = setTimeout(() => socket.destroy(), CONNECT_WITHIN_MS);
    try {
      await this.greet(socket, url);
    } finally {
      clearTimeout(timer);
    }
    return socket;
  }

  /** AUTH and SELECT as the URL says. */
  private async greet(socket: Socket, url: URL): Promise<void> {
    const encoder = new RespEncoder(512);
    const [user, password] = [decodeURIComponent(url.username), decodeURIComponent(url.password)];
    if (password) encoder.command('AUTH', ...(user ? [user] : []), password);
    const database = url.pathname.slice(1);
    if (database) encoder.command('SELECT', database);
    encoder.command('CLIENT', 'SETNAME', this.name);
    const count = encoder.commands;
    const replies = await this.exchange(socket, encoder.take(), count);
    const refused = replies.find((reply) => reply instanceof Error);
    if (refused) {
      socket.destroy();
      throw unavailable(refused);
    }
  }

  private onReply(reply: RespValue): void {
    const awaited = this.waiting[this.first];
    if (!awaited) return;
    awaited.replies.push(reply);
    if (awaited.replies.length < awaited.count) return;
    if (++this.first > 1_024) {
      this.waiting.splice(0, this.first);
      this.first = 0;
    }
    awaited.resolve(awaited.replies);
  }

  private onClose(cause: unknown): void {
    this.socket = undefined;
    const lost = this.waiting.splice(0).slice(this.first);
    this.first = 0;
    const error = unavailable(cause);
    for (const awaited of lost) awaited.reject(error);
  }
}

function unavailable(cause?: unknown): AppError {
  return new AppError('bus_unavailable', 'Redis does not answer. Retry in a moment.', { status: 503, isRetryable: true, cause });
}
