import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AppError } from '@nexus/core';
import { chatCompletions } from './routes/chat-completions.route.js';
import { listModels, showModel } from './routes/models.route.js';
import { sendError } from './routes/send.js';

/** How long an answer that is under way may go on after `close`, in milliseconds. */
const GRACE_MS = 2_000;

export interface DemoModelOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A running demo model. */
export interface DemoModel {
  /** The base URL of its OpenAI-compatible API, e.g. `http://127.0.0.1:50060/v1`. */
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, lets answers under way finish for up to 2 s, and resolves when the port is free. */
  close(): Promise<void>;
}

/** Starts the demo model's server. Rejects with the error of the socket, e.g. EADDRINUSE. */
export async function startDemoModel({ host, port }: DemoModelOptions): Promise<DemoModel> {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => sendError(response, error));
  });
  server.keepAliveTimeout = 30_000;
  server.listen(port, host);
  await once(server, 'listening');
  const bound = (server.address() as AddressInfo).port;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/v1`,
    port: bound,
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      const deadline = setTimeout(() => server.closeAllConnections(), GRACE_MS);
      const sweep = setInterval(() => server.closeIdleConnections(), 50);
      await closed;
      clearTimeout(deadline);
      clearInterval(sweep);
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const model = /^\/v1\/models\/([^/]+)$/.exec(path)?.[1];
  const [method, route]: [string, (() => void | Promise<void>) | undefined] =
    path === '/v1/chat/completions'
      ? ['POST', () => chatCompletions(request, response)]
      : ['GET', path === '/v1/models' ? () => listModels(response) : model === undefined ? undefined : () => showModel(response, model)];
  if (!route) throw new AppError('not_found', `There is no ${request.method ?? ''} ${path.slice(0, 200)} here. The demo model has POST /v1/chat/completions and GET /v1/models.`, { status: 404 });
  if (request.method !== method) throw new AppError('method_not_allowed', `Use ${method} for ${path}.`, { status: 405 });
  await route();
}
