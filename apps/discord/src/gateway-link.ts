import type { REST } from '@discordjs/rest';
import { CloseCodes, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';
import { AppError } from '@nexus/core';
import { fromDiscord } from './discord-failure.js';
import type { ResumePoints } from './resume-points.js';

/** An event of the gateway. */
export interface GatewayEvent {
  readonly type: string;
  readonly body: unknown;
}

export interface GatewayLinkOptions {
  readonly rest: REST;
  readonly token: string;
  readonly intents: number;
  /** Instead of the address that Discord's API gives. */
  readonly gatewayUrl: string | undefined;
  readonly points: ResumePoints;
  /** Hears every event, in their order; resolves when it is safe: until then it is among those that come again after a restart. */
  readonly onEvent: (event: GatewayEvent) => Promise<void>;
  /** The connection was lost, or is there again. */
  readonly onConnection?: (isConnected: boolean) => void;
  /** The connection failed; it is tried again. */
  readonly onProblem: (error: AppError) => void;
  /** Discord does not let the bot in, and will not without a change by its operator. */
  readonly onFatal: (error: AppError) => void;
}

/** Discord's gateway: connects, beats, comes back and resumes, also after a restart of the process. */
export class GatewayLink {
  private readonly manager: WebSocketManager;
  private readonly connected = new Set<number>();
  /** A connection has failed, and not a question to the API. */
  private hasFailed = false;
  private readonly letIn = Promise.withResolvers<void>();

  constructor(private readonly options: GatewayLinkOptions) {
    const { rest, token, intents, gatewayUrl, points } = options;
    this.manager = new WebSocketManager({
      token,
      intents,
      rest: gatewayUrl === undefined ? rest : withGateway(rest, gatewayUrl),
      retrieveSessionInfo: (shardId) => points.session(shardId),
      updateSessionInfo: (shardId, session) => points.update(shardId, session),
    });
    this.manager.on(WebSocketShardEvents.Dispatch, ({ data, shardId }) => this.hear({ type: data.t, body: data.d }, shardId, data.s));
    this.manager.on(WebSocketShardEvents.Ready, ({ shardId }) => this.change(shardId, true));
    this.manager.on(WebSocketShardEvents.Resumed, ({ shardId }) => this.change(shardId, true));
    this.manager.on(WebSocketShardEvents.Closed, ({ shardId }) => this.change(shardId, false));
    this.manager.on(WebSocketShardEvents.Error, ({ error }) => this.fail(error));
    this.letIn.promise.catch(() => undefined);
  }

  get isConnected(): boolean {
    return this.connected.size > 0;
  }

  /** Resolves when the gateway has let the bot in; rejects with AppError when it never will. */
  async connect(): Promise<void> {
    // The library rejects when the first try fails, and goes on trying.
    this.manager.connect().catch((error: unknown) => {
      if (!this.hasFailed) this.letIn.reject(fromDiscord(error));
    });
    await this.letIn.promise;
  }

  /** Leaves in a way that lets the next start resume. */
  async leave(): Promise<void> {
    await this.options.points.leave();
    await this.manager.destroy({ code: CloseCodes.Resuming, reason: 'restart' });
    this.connected.clear();
  }

  private hear(event: GatewayEvent, shardId: number, sequence: number): void {
    const safe = this.options.points.begin(shardId, sequence);
    // What could not be handled stays unsafe, and comes again after a restart.
    this.options.onEvent(event).then(safe, () => undefined);
  }

  private fail(error: Error): void {
    this.hasFailed = true;
    const reason = REASONS[error.message];
    if (reason === undefined) return this.options.onProblem(new AppError('surface_unavailable', 'The gateway of Discord cannot be reached. It is tried again.', { status: 503, isRetryable: true, cause: error }));
    const refusal = new AppError('surface_unauthorized', reason, { status: 502, cause: error });
    this.letIn.reject(refusal);
    this.options.onFatal(refusal);
  }

  private change(shardId: number, isConnected: boolean): void {
    if (isConnected) this.letIn.resolve();
    if (isConnected) this.connected.add(shardId);
    else this.connected.delete(shardId);
    this.options.onConnection?.(isConnected);
  }
}

/** The library asks the API for the address of the gateway: here it gets ours. */
function withGateway(rest: REST, url: string): REST {
  return new Proxy(rest, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (name === 'get') return async (...args: Parameters<REST['get']>) => ({ ...((await target.get(...args)) as object), url });
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** What the library says when the gateway closes a connection for good, and what there is to do. */
const REASONS: Readonly<Record<string, string>> = {
  'Authentication failed': 'The gateway of Discord does not accept the bot token. Correct DISCORD_BOT_TOKEN.',
  'Used disallowed intents': 'Discord does not give this bot the content of messages. Allow it the Message Content Intent on the page of the application, section Bot, or set DISCORD_MESSAGE_CONTENT=false.',
  'Used invalid intents': 'The gateway of Discord does not know what this version asks for.',
  'Used an invalid API version': 'The gateway of Discord speaks this version no more.',
  'Invalid shard': 'The gateway of Discord refuses the number of connections.',
  'Sharding is required': 'The bot is in so many guilds that one connection does not do; Discord has not told how many it wants.',
};
