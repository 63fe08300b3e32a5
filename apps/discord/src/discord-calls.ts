import { REST, RESTEvents, type RequestData, type RouteLike } from '@discordjs/rest';
import { fromDiscord } from './discord-failure.js';

export interface DiscordCallsOptions {
  readonly token: string;
  /** `https://discord.com/api`, or what stands in its place. */
  readonly restUrl: string;
  /** Told of every limit of Discord that was met; the call waits and is made again. */
  readonly onLimited?: (route: string, forMs: number) => void;
}

/**
 * Discord's REST API. Waits for its rate limits, each route's and the global one, and tries again what failed on the way: so a call that
 * posts something must carry a nonce. Rejects with AppError.
 */
export class DiscordCalls {
  readonly rest: REST;

  constructor(private readonly options: DiscordCallsOptions) {
    this.rest = new REST({ version: '10', api: options.restUrl }).setToken(options.token);
    this.rest.on(RESTEvents.RateLimited, ({ route, timeToReset }) => options.onLimited?.(route, timeToReset));
  }

  get(path: RouteLike, query?: URLSearchParams): Promise<unknown> {
    return this.call(() => this.rest.get(path, query && { query }));
  }

  post(path: RouteLike, request: RequestData = {}): Promise<unknown> {
    return this.call(() => this.rest.post(path, request));
  }

  patch(path: RouteLike, request: RequestData): Promise<unknown> {
    return this.call(() => this.rest.patch(path, request));
  }

  put(path: RouteLike, request: RequestData): Promise<unknown> {
    return this.call(() => this.rest.put(path, request));
  }

  delete(path: RouteLike, request: RequestData = {}): Promise<unknown> {
    return this.call(() => this.rest.delete(path, request));
  }

  private async call(make: () => Promise<unknown>): Promise<unknown> {
    try {
      return await make();
    } catch (error) {
      // The library throws its token away on a 401, and would never ask again.
      this.rest.setToken(this.options.token);
      throw fromDiscord(error);
    }
  }
}
