import { redisBus, type ChannelBus, type Message, type Subscription } from '@nexus/channels';
import { metadataKeys } from '@nexus/contracts';
import { AppError, parseTraceparent } from '@nexus/core';
import type { AdapterMessage, AdapterTransport, FetchedFile, KeptFile, TransportListener } from './adapter-transport.js';
import { FollowedRuns } from './followed-runs.js';
import { GatewayFiles } from './gateway-files.js';

export interface RedisTransportOptions {
  readonly redisUrl: string;
  /** A surface token, or an API key, and the id of that key (`nexus keys list`). */
  readonly token: string;
  readonly keyId: string;
  /** This adapter's own name among those that use the token, stable over restarts: letters, digits, dash and underscore. One process at a time bears it. */
  readonly name: string;
  /** `NEXUS_REDIS_PREFIX` of the NEXUS; empty by default. */
  readonly prefix?: string;
  /** The gateway, `http://127.0.0.1:8080`, for files; without it files are told in words. */
  readonly gatewayUrl?: string;
}

/** The consumer group of an adapter on its own answers. */
const GROUP = 'adapter';
/** Answers that wait for their turn are under way too, and none may keep the next from being read. */
const MOST_UNDER_WAY = 100_000;
const LOOK_EVERY_MS = 5_000;
const STOP_WITHIN_MS = 2_000;

/**
 * NEXUS over Redis: messages go to `requests.incoming`, answers come from `requests.processed:<key id>.<name>`, by a consumer group, so that
 * what was not acknowledged comes again; live parts from `requests.progress`. Throws AppError `invalid_name`, or `invalid_redis_url`.
 */
export function redisTransport(options: RedisTransportOptions): AdapterTransport {
  if (!/^[\w-]{1,100}$/.test(options.name)) throw new AppError('invalid_name', 'The name of an adapter may hold letters, digits, dash and underscore, at most 100.');
  return new RedisTransport(redisBus(options.redisUrl, { prefix: options.prefix ?? '' }), options);
}

class RedisTransport implements AdapterTransport {
  isConnected = false;
  private readonly runs = new FollowedRuns();
  private readonly files: GatewayFiles | undefined;
  private readonly replyTo: string;
  private readonly subscriptions: Subscription[] = [];
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly bus: ChannelBus,
    private readonly options: RedisTransportOptions,
  ) {
    this.files = options.gatewayUrl === undefined ? undefined : new GatewayFiles(options.gatewayUrl, options.token);
    this.replyTo = `${options.keyId}.${options.name}`;
  }

  async start(listener: TransportListener): Promise<void> {
    const { bus, subscriptions } = this;
    const work = { channel: 'requests.processed', group: GROUP, consumer: this.options.name, concurrency: MOST_UNDER_WAY, maxDeliveries: Number.MAX_SAFE_INTEGER, onDeadLetter: async () => [] } as const;
    subscriptions.push(
      bus.consumeReplies(work, this.replyTo, (message, signal) => this.onAnswer(message, listener, signal)),
      // the answer to one whom the token does not prove, or who does not own the reply-to, goes to the channel itself
      bus.follow('requests.processed', (batch) => batch.forEach((message) => {
        if (this.runs.isAsked(message.payload.messageId)) void this.onAnswer(message, listener, AbortSignal.timeout(STOP_WITHIN_MS)).catch(() => undefined);
      })),
      bus.follow('requests.progress', (batch) => {
        for (const { payload } of batch) for (const { messageId, part } of this.runs.take(payload)) listener.onPart(messageId, part);
      }),
    );
    await Promise.all(subscriptions.map(({ ready }) => ready));
    this.isConnected = true;
    this.ends.push(bus.onLoss(() => listener.onReconnected()));
    const look = setInterval(() => void this.look(listener), LOOK_EVERY_MS).unref();
    this.ends.push(() => clearInterval(look));
  }

  async send({ id, request, traceparent }: AdapterMessage): Promise<void> {
    this.runs.ask(id);
    await this.bus.publish({
      channel: 'requests.incoming', id,
      payload: request,
      replyTo: this.replyTo,
      trace: parseTraceparent(traceparent),
      metadata: { [metadataKeys.authorization]: `Bearer ${this.options.token}` },
      partitionKey: `${request.surface} ${request.chatId} ${request.topicId}`,
    });
  }

  async putFile(id: string, name: string, content: Uint8Array): Promise<KeptFile> {
    return this.gateway().put(id, name, content);
  }

  async getFile(uri: string): Promise<FetchedFile> {
    return this.gateway().get(uri);
  }

  async stop(): Promise<void> {
    for (const end of this.ends.splice(0)) end();
    this.isConnected = false;
    await Promise.all(this.subscriptions.map((subscription) => subscription.stop(STOP_WITHIN_MS)));
    await this.bus.close();
  }

  private gateway(): GatewayFiles {
    if (this.files === undefined) throw new AppError('no_gateway', 'This adapter was not told where the gateway is, so it passes no files on.');
    return this.files;
  }

  private async onAnswer({ payload }: Message<'requests.processed'>, listener: TransportListener, signal: AbortSignal): Promise<[]> {
    await listener.onAnswer(payload, signal);
    this.runs.forget(payload.messageId, payload.runId);
    return [];
  }

  private async look(listener: TransportListener): Promise<void> {
    const was = this.isConnected;
    this.isConnected = await this.bus.ping().then(() => true, () => false);
    if (this.isConnected && !was) listener.onReconnected();
  }
}
