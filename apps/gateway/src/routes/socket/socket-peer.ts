import type { IncomingMessage } from 'node:http';
import { AppError } from '@nexus/core';
import { REQUEST_ID_HEADER, type KeyResolver, type Logger, type ResolvedKey } from '@nexus/runtime';
import type { WebSocket } from 'ws';
import { readClientFrame, type ClientFrame } from './client-frame.js';
import type { CloseReason } from './close-codes.js';
import { errorFrame, type ErrorSubject } from './server-frame.js';
import type { SocketTickets } from '../../handlers/socket-tickets.js';
import { SocketChannel } from './socket-channel.js';
import { SocketConversation, type SocketParts } from './socket-conversation.js';
import type { SocketLimits } from './socket-limits.js';
import type { SocketMetrics } from './socket-metrics.js';

export interface SocketPeerParts extends SocketParts {
  readonly keys: Pick<KeyResolver, 'resolve' | 'resolveHash'>;
  readonly tickets: Pick<SocketTickets, 'redeem'>;
  readonly limits: SocketLimits;
  readonly metrics: SocketMetrics;
  readonly logger: Pick<Logger, 'error'>;
}

/** The client of one WebSocket: logs in, is listened to frame after frame, and is told what goes wrong. */
export class SocketPeer {
  private readonly channel: SocketChannel;
  private readonly conversation: SocketConversation;
  private readonly requestId: string;
  private readonly loginTimer: NodeJS.Timeout;
  private turn: Promise<void> = Promise.resolve();
  private waiting = 0;
  private waitingBytes = 0;
  private isPaused = false;
  private badFrames = 0;

  /** Whether it is known whose it is. */
  get hasLoggedIn(): boolean {
    return this.keyHash !== undefined;
  }

  /** `keyHash` is that of the key that the upgrade came with; undefined: the first frame has to log in. */
  constructor(
    socket: WebSocket,
    request: IncomingMessage,
    private keyHash: string | undefined,
    private readonly parts: SocketPeerParts,
    onGone: () => void,
  ) {
    const { limits, metrics } = parts;
    this.requestId = String(request.headers[REQUEST_ID_HEADER]);
    this.channel = new SocketChannel(socket, limits, metrics, {
      onText: (text) => this.hear(text),
      onBeat: () => this.enqueue({}, async () => void (await this.key())),
      onGone: () => {
        clearTimeout(this.loginTimer);
        this.conversation.stop();
        onGone();
      },
    });
    this.conversation = new SocketConversation(parts, this.channel, this.requestId, limits);
    this.loginTimer = setTimeout(() => this.keyHash ?? this.channel.close('login', 'no login in time'), limits.loginWithinMs).unref();
    if (keyHash !== undefined) this.enqueue({}, () => this.welcome());
  }

  /** Tells nothing more, and closes. */
  close(reason: CloseReason, words: string): void {
    this.conversation.stop();
    this.channel.close(reason, words);
  }

  private hear(text: string): void {
    const frame = readClientFrame(text);
    if ('error' in frame) {
      this.parts.metrics.frame('in', 'invalid');
      this.fail(frame.error, { message_id: frame.messageId });
      if (++this.badFrames >= this.parts.limits.mostBadFrames) this.close('badFrames', 'too many frames that are none');
      return;
    }
    this.badFrames = 0;
    this.parts.metrics.frame('in', frame.type);
    if (frame.type === 'pong') return;
    if (frame.type === 'ping') this.channel.send({ type: 'pong', ...(frame.id !== undefined && { id: frame.id }) });
    else this.enqueue(subjectOf(frame), () => this.take(frame), text.length);
  }

  private async take(frame: Exclude<ClientFrame, { type: 'ping' | 'pong' }>): Promise<void> {
    if (frame.type === 'login') return this.login(frame.ticket);
    if (this.keyHash === undefined) return this.refuseLogin(new AppError('login_required', 'The first frame must be `login`, with a ticket.', { status: 401 }));
    const key = await this.key();
    if (key !== undefined) await this.conversation.take(frame, key);
  }

  private async login(ticket: string): Promise<void> {
    if (this.keyHash !== undefined) throw new AppError('invalid_frame', 'This connection has logged in already.', { status: 400, param: 'type' });
    let keyHash: string;
    try {
      keyHash = this.parts.tickets.redeem(ticket);
    } catch (error) {
      return this.refuseLogin(AppError.from(error));
    }
    this.keyHash = keyHash;
    await this.welcome();
  }

  private refuseLogin(error: AppError): void {
    this.fail(error, {});
    this.close('login', error.code);
  }

  private async welcome(): Promise<void> {
    const key = await this.key();
    if (key === undefined) return;
    clearTimeout(this.loginTimer);
    this.channel.send({ type: 'welcome', protocol: 1, heartbeat_ms: this.parts.limits.heartbeatMs, surfaces: [...key.key.surfaces] });
  }

  /** The key as it is now; undefined after the connection was closed because there is none any more. */
  private async key(): Promise<ResolvedKey | undefined> {
    if (this.keyHash === undefined) return undefined;
    const key = await this.parts.keys.resolveHash(this.keyHash);
    if (key === undefined) this.close('revoked', 'the key was revoked');
    return key;
  }

  /** One frame after the other. */
  private enqueue(subject: ErrorSubject, work: () => Promise<void>, bytes = 0): void {
    this.wait(1, bytes);
    this.turn = this.turn
      .then(() => (this.channel.isOpen ? work() : undefined))
      .catch((error: unknown) => this.fail(AppError.from(error), subject))
      .finally(() => this.wait(-1, -bytes));
  }

  /** While many frames wait, or large ones, no more are read. */
  private wait(frames: number, bytes: number): void {
    const { mostWaiting, frameBytes } = this.parts.limits;
    this.waiting += frames;
    this.waitingBytes += bytes;
    const isFull = this.waiting >= mostWaiting || this.waitingBytes >= frameBytes;
    if (isFull === this.isPaused) return;
    this.isPaused = isFull;
    if (isFull) this.channel.pause();
    else this.channel.resume();
  }

  private fail(error: AppError, subject: ErrorSubject): void {
    if (error.status >= 500) this.parts.logger.error({ code: error.code, status: error.status, request_id: this.requestId, ...(error.code === 'internal' && { error }) }, 'a frame of a WebSocket failed');
    this.channel.send(errorFrame(error, subject, this.requestId));
  }
}

function subjectOf(frame: ClientFrame): ErrorSubject {
  switch (frame.type) {
    case 'send_message': return { message_id: frame.id };
    case 'subscribe':
    case 'unsubscribe': return { message_id: frame.message_id, run_id: frame.run_id, task_id: frame.task_id };
    case 'cancel': return { message_id: frame.message_id };
    case 'login':
    case 'ping':
    case 'pong': return {};
  }
}
