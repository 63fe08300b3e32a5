import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { completionBody, completionChunks, type CompletionFrame, type FakeCompletion } from './fake-completion.js';
import { pause } from './pause.js';

/** The parts of a chat completion request that the fake provider looks at; it keeps the others. */
export const chatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown() })),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
});

/** The parsed body of a chat completion request, fields that we do not know included. */
export type ChatRequest = z.infer<typeof chatRequest>;

/** How the provider answers: a completion, and what else happens on the way. */
export interface FakeReply extends FakeCompletion {
  /** An error status answers in OpenAI's error shape, or with `body`. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of a completion: a string as it is, anything else as JSON. */
  readonly body?: unknown;
  /** Before the first byte of the answer. */
  readonly delayMs?: number;
  /** Before every chunk of a stream. */
  readonly chunkDelayMs?: number;
  /** Never answers, or never goes on after the headers. */
  readonly hang?: 'before-headers' | 'after-headers';
  /** Breaks the connection after this many chunks of a stream; after half the body when not streaming. */
  readonly cutAfterChunks?: number;
}

/** Carries out one reply. */
export async function sendReply(reply: FakeReply, request: ChatRequest, response: ServerResponse, id: string): Promise<void> {
  const { status = 200, headers = {} } = reply;
  if (reply.delayMs !== undefined) await pause(reply.delayMs);
  if (reply.hang === 'before-headers') return;
  const promptCharacters = JSON.stringify(request.messages).length;
  const frame: CompletionFrame = { id, model: request.model, promptCharacters, created: Math.floor(Date.now() / 1000) };
  const isStream = request.stream === true && status === 200 && reply.body === undefined;
  response.writeHead(status, { 'content-type': isStream ? 'text/event-stream' : 'application/json', 'x-request-id': id, ...headers });
  response.flushHeaders();
  if (reply.hang === 'after-headers') return;
  if (isStream) return sendChunks(reply, completionChunks(reply, frame, request.stream_options?.include_usage === true), response);
  const body = reply.body ?? (status === 200 ? completionBody(reply, frame) : errorBody(status, reply.text ?? `The fake provider was told to answer ${status}.`));
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  if (reply.cutAfterChunks === undefined) response.end(text);
  else await cut(response, text.slice(0, text.length / 2));
}

async function sendChunks(reply: FakeReply, chunks: readonly object[], response: ServerResponse): Promise<void> {
  const sent = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).concat('data: [DONE]\n\n');
  for (const text of sent.slice(0, reply.cutAfterChunks)) {
    if (reply.chunkDelayMs !== undefined) await pause(reply.chunkDelayMs);
    if (response.destroyed) return;
    response.write(text);
  }
  if (reply.cutAfterChunks === undefined) response.end();
  else await cut(response, '');
}

/** Breaks the connection once what was written has left. */
async function cut(response: ServerResponse, lastWords: string): Promise<void> {
  await new Promise<void>((resolve) => response.write(lastWords === '' ? '\n' : lastWords, () => resolve()));
  response.destroy();
}

/** A whole answer in JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** An error in OpenAI's shape. */
export function errorBody(status: number, message: string): object {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  return { error: { message, type, param: null, code: status === 429 ? 'rate_limit_exceeded' : null } };
}
