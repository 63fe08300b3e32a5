import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { newId } from '@nexus/core';
import { finishReply } from '../domain/finish-reply.js';
import { parseModelName, type SendingPace } from '../domain/model-name.js';
import { respond } from '../domain/respond.js';
import { completionChunks, completionJson } from './completion-json.js';
import { parseChatRequest } from './parse-chat-request.js';
import { readBody } from './read-body.js';
import { sendJson } from './send.js';

/** `POST /v1/chat/completions`. Stops when the client goes. Throws AppError for what it refuses. */
export async function chatCompletions(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { model, isStream, includeUsage, chat, limits } = parseChatRequest(await readBody(request));
  const pace = parseModelName(model);
  const reply = finishReply(respond(chat), chat, limits);
  const head = {
    id: `chatcmpl-demo-${newId()}`,
    created: Math.floor(Date.now() / 1000),
    model,
    callIds: reply.calls.map(() => `call_${newId().replaceAll('-', '')}`),
  };
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  if (!(await waited(pace.delayMs, gone.signal))) return;
  if (isStream) await sendStream(response, completionChunks(head, reply, pace.chunks, includeUsage), pace, gone.signal);
  else sendJson(response, 200, completionJson(head, reply));
}

async function sendStream(response: ServerResponse, chunks: readonly object[], pace: SendingPace, gone: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  for (const [i, chunk] of chunks.entries()) {
    if (i > 0 && !(await waited(pace.chunkDelayMs, gone))) return;
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  response.end('data: [DONE]\n\n');
}

/** False when the client went meanwhile. */
async function waited(ms: number, gone: AbortSignal): Promise<boolean> {
  if (ms > 0 && !gone.aborted) await wait(ms, undefined, { signal: gone }).catch(() => undefined);
  return !gone.aborted;
}
