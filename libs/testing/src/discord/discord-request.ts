import type { DiscordWorld } from './discord-world.js';
import type { Interactions } from './interactions.js';
import type { RequestContent } from './request-content.js';

/** A request to the REST API, taken apart. */
export interface DiscordRequest {
  readonly world: DiscordWorld;
  readonly interactions: Interactions;
  /** What stood for `:name` in the route. */
  readonly at: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly content: RequestContent;
}

export interface DiscordReply {
  readonly status: number;
  readonly body?: unknown;
}

/** One route: `/channels/:channel/messages`. */
export interface Route {
  readonly method: string;
  readonly path: string;
  /** The token stands in the address, so that none is needed in the header. */
  readonly isOpen?: boolean;
  readonly answer: (request: DiscordRequest) => DiscordReply;
}

export const ok = (body: unknown): DiscordReply => ({ status: 200, body });
export const nothing: DiscordReply = { status: 204 };
