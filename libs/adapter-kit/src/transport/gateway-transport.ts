import { create, fromJson, toJson } from '@bufbuild/protobuf';
import { ErrorSchema, IncomingRequestSchema, Outcome, ProcessedRequestSchema, type ProcessedRequest } from '@nexus/contracts';
import { AppError, backoffMs } from '@nexus/core';
import type { AdapterMessage, AdapterTransport, FetchedFile, KeptFile, TransportListener } from './adapter-transport.js';
import { GatewayFiles } from './gateway-files.js';
import { PROTOCOL, type GatewayFrame } from './gateway-frames.js';
import { GatewaySocket } from './gateway-socket.js';

export interface GatewayTransportOptions {
  /** The gateway, `http://127.0.0.1:8080`. */
  readonly url: string;
  /** A surface token, or an API key. */
  readonly token: string;
}

/** The gateway takes 64 unanswered messages a connection; the others wait here. */
const MOST_UNANSWERED = 60;
const AGAIN_MS = 500;
const AGAIN_AT_MOST_MS = 15_000;
/** A connection that lasted this long was a good one: the next try comes soon. */
const LASTED_MS = 10_000;

/**
 * NEXUS over a WebSocket of the gateway, for adapters that cannot, or shall not, reach Redis. Reconnects by itself; what has no answer is
 * then sent again. Throws AppError `invalid_gateway_url`.
 */
export function gatewayTransport({ url, token }: GatewayTransportOptions): AdapterTransport {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new AppError('invalid_gateway_url', 'The URL of the gateway must look like http://127.0.0.1:8080 or https://nexus.example.com.');
  return new GatewayTransport(url, token);
}

class GatewayTransport implements AdapterTransport {
  private readonly files: GatewayFiles;
  private readonly welcomed = Promise.withResolvers<void>();
  private readonly unanswered = new Set<string>();
  private readonly waiting: { readonly id: string; readonly room: PromiseWithResolvers<void> }[] = [];
  private socket: GatewaySocket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private failures = 0;
  private connectedAt = 0;
  private isStopped = false;
  private wasConnected = false;

  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {
    this.files = new GatewayFiles(url, token);
  }

  get isConnected(): boolean {
    return this.socket?.isWelcome === true;
  }

  start(listener: TransportListener): Promise<void> {
    this.connect(listener);
    return this.welcomed.promise;
  }

  async send({ id, request, traceparent }: AdapterMessage): Promise<void> {
    if (!this.isConnected) throw unreachable(this.url);
    if (!this.unanswered.has(id)) await this.roomFor(id);
    const { socket } = this;
    if (socket === undefined || !socket.isWelcome) throw unreachable(this.url);
    await socket.send({ type: 'send_message', id, request: toJson(IncomingRequestSchema, request), ...(traceparent !== '' && { traceparent }) });
  }

  putFile(id: string, name: string, content: Uint8Array): Promise<KeptFile> {
    return this.files.put(id, name, content);
  }

  getFile(uri: string): Promise<FetchedFile> {
    return this.files.get(uri);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.socket?.close();
  }

  private connect(listener: TransportListener): void {
    this.connectedAt = performance.now();
    this.socket = new GatewaySocket({
      url: this.url,
      token: this.token,
      onFrame: (frame) => {
        try {
          this.take(frame, listener);
        } catch (error) {
          listener.onProblem(AppError.from(error)); // a later gateway may say what this adapter cannot read
        }
      },
      onClose: (error) => this.onClose(error, listener),
    });
  }

  private connectLater(listener: TransportListener): void {
    if (this.isStopped) return;
    this.failures = performance.now() - this.connectedAt > LASTED_MS ? 0 : this.failures + 1;
    this.timer = setTimeout(() => this.connect(listener), AGAIN_MS / 2 + backoffMs(this.failures, AGAIN_MS, AGAIN_AT_MOST_MS));
  }

  private take(frame: GatewayFrame, listener: TransportListener): void {
    switch (frame.type) {
      case 'welcome': return this.onWelcome(frame.protocol, listener);
      case 'agent_status':
        if (frame.state === 'accepted') listener.onPart(frame.message_id, { kind: 'accepted', queuedBehind: frame.queued_behind ?? 0 });
        if (frame.state === 'tool_started') listener.onPart(frame.message_id, { kind: 'tool', name: frame.tool ?? '', step: frame.step ?? 0 });
        return;
      case 'message_chunk': return listener.onPart(frame.message_id, { kind: 'text', epoch: frame.epoch, step: frame.step, text: frame.text });
      case 'message_reset': return listener.onPart(frame.message_id, { kind: 'reset', epoch: frame.epoch });
      case 'message_complete': return this.answer(fromJson(ProcessedRequestSchema, frame.answer, { ignoreUnknownFields: true }), listener);
      case 'error': return this.onError(frame, listener);
      case 'ping': return this.socket?.pong(frame.id);
    }
  }

  private onWelcome(protocol: number, listener: TransportListener): void {
    if (protocol !== PROTOCOL) listener.onProblem(new AppError('protocol_unknown', `The gateway speaks version ${protocol} of its frames, this adapter version ${PROTOCOL}: update the older one.`));
    this.welcomed.resolve();
    if (this.wasConnected) listener.onReconnected();
    this.wasConnected = true;
  }

  /** An error that names a message is that message's answer, unless the way to NEXUS is at fault, or there is no room: then it is sent again in its time. */
  private onError({ message_id: messageId, error }: Extract<GatewayFrame, { type: 'error' }>, listener: TransportListener): void {
    const code = error.code ?? 'internal';
    const message = error.message ?? 'Something went wrong inside NEXUS.';
    const isOnTheWay = error.is_retryable === true && ((error.status ?? 0) >= 500 || code === 'too_many_requests');
    if (messageId && isOnTheWay) this.freed(messageId);
    if (!messageId || isOnTheWay) return listener.onProblem(new AppError(code, message, { status: error.status ?? 500 }));
    const refusal = create(ErrorSchema, { code, message, status: error.status ?? 500, isRetryable: error.is_retryable ?? false, param: error.param ?? '', retryAfterMs: BigInt(Math.ceil(error.retry_after_ms ?? 0)) });
    this.answer(create(ProcessedRequestSchema, { messageId, outcome: Outcome.REFUSED, error: refusal }), listener);
  }

  /** Resolves when the message may be sent; rejects when the connection ends before. */
  private async roomFor(id: string): Promise<void> {
    if (this.unanswered.size < MOST_UNANSWERED) return void this.unanswered.add(id);
    const room = Promise.withResolvers<void>();
    this.waiting.push({ id, room });
    await room.promise;
  }

  private freed(id: string): void {
    if (!this.unanswered.delete(id)) return;
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.unanswered.add(next.id);
    next.room.resolve();
  }

  private onClose(error: AppError | undefined, listener: TransportListener): void {
    this.socket = undefined;
    this.unanswered.clear(); // the next connection knows none of them
    for (const { room } of this.waiting.splice(0)) room.reject(unreachable(this.url));
    if (error !== undefined && !this.isStopped) listener.onProblem(error);
    this.connectLater(listener);
  }

  /** One that cannot be made safe now comes again when its message is sent again. */
  private answer(answer: ProcessedRequest, listener: TransportListener): void {
    this.freed(answer.messageId);
    listener.onAnswer(answer, new AbortController().signal).catch((error: unknown) => listener.onProblem(AppError.from(error)));
  }
}

function unreachable(url: string): AppError {
  return new AppError('gateway_unreachable', `There is no connection to the gateway at ${url}.`, { status: 503, isRetryable: true });
}
