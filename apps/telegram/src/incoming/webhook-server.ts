import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';
import type { Update } from 'grammy/types';
import { z } from 'zod';

const MOST_BYTES = 1_048_576;
/** Telegram gives an answer a minute, then it sends the update again. */
const ANSWER_WITHIN_MS = 25_000;
/** Answers under way have this long. */
const CLOSE_WITHIN_MS = 500;
const SECRET_HEADER = 'x-telegram-bot-api-secret-token';

const updateSchema = z.looseObject({ update_id: z.int() });

export interface WebhookServerOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Resolves when the update is safe with NEXUS. */
  readonly take: (update: Update) => Promise<void>;
}

/** Where Telegram posts updates. */
export interface WebhookServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Takes updates at any path, from whoever knows the secret; others get 401 and learn nothing. 200 means that the update is safe: otherwise
 * 503, and Telegram sends it again. Rejects with AppError `port_unusable`.
 */
export async function startWebhookServer({ host, port, secret, take }: WebhookServerOptions): Promise<WebhookServer> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const given = request.headers[SECRET_HEADER];
    if (request.method !== 'POST') return end(response, 405);
    if (typeof given !== 'string' || !isSame(given, secret)) return end(response, 401);
    const body = await readAtMost(request, MOST_BYTES);
    if (body === undefined) return end(response.once('finish', () => request.destroy()), 413);
    const update = updateSchema.safeParse(parseJson(body));
    if (!update.success) return end(response, 400);
    const isSafe = await Promise.race([
      take(update.data as unknown as Update).then(
        () => true,
        () => false,
      ),
      lateAfter(ANSWER_WITHIN_MS),
    ]);
    end(response, isSafe ? 200 : 503);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS).unref();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new AppError('port_unusable', `The webhook cannot listen on ${host}:${port}. Correct TELEGRAM_WEBHOOK_HOST or TELEGRAM_WEBHOOK_PORT.`, { cause })));
    server.listen(port, host, resolve);
  });
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end();
}

/** In the same time wherever they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

async function readAtMost(request: IncomingMessage, most: number): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function lateAfter(ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });
}
