import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../read-body.js';
import { channelRoutes } from './channel-routes.js';
import { DiscordFailure, notFound, unauthorized } from './discord-failure.js';
import type { DiscordReply, Route } from './discord-request.js';
import type { DiscordWorld } from './discord-world.js';
import { interactionRoutes } from './interaction-routes.js';
import type { Interactions } from './interactions.js';
import { messageRoutes } from './message-routes.js';
import type { RateLimits } from './rate-limits.js';
import { readContent } from './request-content.js';

/** What was asked of the API, and the status of the answer. */
export interface RestCall {
  readonly method: string;
  /** Below `/api/v10`. */
  readonly path: string;
  readonly status: number;
}

export interface RestOptions {
  readonly token: string;
  readonly world: DiscordWorld;
  readonly interactions: Interactions;
  readonly limits: RateLimits;
  /** Every call, as it is answered. */
  readonly onCall: (call: RestCall) => void;
  /** Answers this status instead of handling a request, or breaks the connection after it was handled (0). */
  readonly fault: (request: string) => number | undefined;
}

const routes = [...messageRoutes, ...channelRoutes, ...interactionRoutes].map((route) => ({ route, pattern: new RegExp(`^${route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`) }));

/** Answers one request to `/api/v10/...` as Discord does, limits and refusals included. */
export async function answerRest(options: RestOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://x');
  const method = request.method ?? 'GET';
  const path = url.pathname.replace(/^\/api\/v10/, '');
  const body = await readBody(request);
  const send = (status: number, headers: Readonly<Record<string, string>>, content?: unknown): void => {
    options.onCall({ method, path, status });
    response.writeHead(status, { ...headers, ...(content !== undefined && { 'content-type': 'application/json' }) }).end(content === undefined ? '' : JSON.stringify(content));
  };
  const found = match(method, path);
  const major = found?.at.channel ?? found?.at.guild ?? found?.at.token ?? '';
  const limit = options.limits.take(`${method} ${path}`, `${method} ${found?.route.path ?? path}`, major, Date.now());
  if (limit.isRefused) return send(429, limit.headers, { message: 'You are being rate limited.', retry_after: limit.retryAfterMs / 1000, global: limit.isGlobal });
  const fault = options.fault(`${method} ${path}`);
  if (fault !== undefined && fault !== 0) return send(fault, limit.headers, { message: 'Something is wrong with us.', code: 0 });
  try {
    if (!found?.route.isOpen && request.headers.authorization !== `Bot ${options.token}`) throw unauthorized();
    if (found === undefined) throw notFound();
    const content = await readContent(body, request.headers['content-type'] ?? '');
    const reply: DiscordReply = found.route.answer({ world: options.world, interactions: options.interactions, at: found.at, query: url.searchParams, content });
    if (fault === 0) {
      options.onCall({ method, path, status: 0 });
      return void request.socket.destroy();
    }
    send(reply.status, limit.headers, reply.body);
  } catch (error) {
    if (!(error instanceof DiscordFailure)) throw error;
    send(error.status, limit.headers, error.body());
  }
}

function match(method: string, path: string): { readonly route: Route; readonly at: Readonly<Record<string, string>> } | undefined {
  for (const { route, pattern } of routes) {
    const groups = route.method === method ? pattern.exec(path)?.groups : undefined;
    if (groups !== undefined) return { route, at: Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)])) };
    if (route.method === method && !route.path.includes(':') && route.path === path) return { route, at: {} };
  }
  return undefined;
}
