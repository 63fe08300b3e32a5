import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AppError } from '@nexus/core';
import { isSigned, publicKeyOf } from './interaction-signature.js';
import { discordInteraction, type DiscordInteraction } from './wire.js';

const MAX_BYTES = 1_048_576;

/** What Discord is told at once, and what is done when it has been told. */
export interface InteractionAnswer {
  readonly body: object;
  readonly afterwards?: () => void;
}

export interface InteractionsServerOptions {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Of the application, in hexadecimal. */
  readonly publicKey: string;
  /** Has 3 seconds. */
  readonly answer: (interaction: DiscordInteraction) => Promise<InteractionAnswer>;
}

/** The endpoint to which Discord sends interactions, if the application has one: every request must carry Discord's signature. */
export interface InteractionsServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Rejects with `address_unusable` when nobody can listen there. */
export async function startInteractionsServer(options: InteractionsServerOptions): Promise<InteractionsServer> {
  const key = publicKeyOf(options.publicKey);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const send = (status: number, body: object): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.method !== 'POST') return send(405, { error: 'Discord sends its interactions here by POST.' });
    const body = await bodyOf(request);
    if (body === undefined) return send(413, { error: 'The body is too large.' });
    const [signature, timestamp] = ['x-signature-ed25519', 'x-signature-timestamp'].map((name) => String(request.headers[name] ?? ''));
    if (!isSigned(key, body, signature ?? '', timestamp ?? '')) return send(401, { error: 'invalid request signature' });
    const interaction = discordInteraction.safeParse(parsed(body)).data;
    if (interaction === undefined) return send(400, { error: 'This is no interaction.' });
    const { body: answer, afterwards } = await options.answer(interaction);
    if (afterwards !== undefined) response.once('close', afterwards);
    send(200, answer);
  };
  const server = createServer((request, response) => {
    // Discord tells the person that the application did not respond.
    handle(request, response).catch(() => (response.headersSent ? response.destroy() : response.writeHead(503).end()));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new AppError('address_unusable', `Nothing can listen at ${options.host}:${options.port} for interactions. Correct DISCORD_INTERACTIONS_PORT.`, { cause }))).listen(options.port, options.host, resolve);
  });
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : options.port,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeIdleConnections();
    }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
