import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { FakeAttempts, type FakeAttempt } from './fake-attempts.js';
import { chatRequest, errorBody, sendJson, sendReply, type ChatRequest, type FakeReply } from './fake-reply.js';
import { sendEmbeddings } from './fake-embeddings.js';
import { listen } from './listen.js';
import { readBody } from './read-body.js';

/** What the provider was asked. */
export interface FakeRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as it came. */
  readonly text: string;
  readonly body: ChatRequest;
  /** True once the client has left before the answer's end. */
  isAborted: boolean;
}

/** A reply, or what makes one from the request. */
export type FakeReplySource = FakeReply | ((request: FakeRequest) => FakeReply | Promise<FakeReply>);

/** A provider that speaks OpenAI's protocol and does as it is told; it embeds without being told. */
export interface FakeProvider {
  /** The base URL, `/v1` included. */
  readonly url: string;
  /** The chat completion requests so far, in the order of their arrival. */
  readonly requests: readonly FakeRequest[];
  /** The same by the id of the attempt (`x-client-request-id`, else `idempotency-key`), which also GET /v1/attempts/<id> answers. */
  readonly attempts: ReadonlyMap<string, FakeAttempt>;
  /** From now on each request takes the next of `replies`; the last one stays. */
  reply(...replies: readonly [FakeReplySource, ...FakeReplySource[]]): void;
  close(): Promise<void>;
}

/** Starts a fake provider. Until told otherwise it repeats the last user message. `models` are what GET /v1/models lists. */
export async function startFakeProvider({ models = ['fake-model'] }: { readonly models?: readonly string[] } = {}): Promise<FakeProvider> {
  const requests: FakeRequest[] = [];
  const attempts = new FakeAttempts();
  let script: readonly FakeReplySource[] = [echo];
  const next = (): FakeReplySource => {
    const [first = echo, ...rest] = script;
    if (rest.length > 0) script = rest;
    return first;
  };
  const answer = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = incoming.url ?? '/';
    const text = (await readBody(incoming)).toString('utf8');
    if (incoming.method === 'GET' && path === '/v1/models') {
      return sendJson(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'fake' })) });
    }
    if (incoming.method === 'GET' && path.startsWith('/v1/attempts/')) {
      const attempt = attempts.known.get(decodeURIComponent(path.slice('/v1/attempts/'.length)));
      return attempt ? sendJson(response, 200, { status: attempt.status, usage: attempt.usage }) : sendJson(response, 404, { status: 'not_found' });
    }
    if (incoming.method === 'POST' && path === '/v1/embeddings') return sendEmbeddings(parseJson(text), response);
    if (incoming.method !== 'POST' || path !== '/v1/chat/completions') return sendJson(response, 404, errorBody(404, `There is no ${incoming.method} ${path}.`));
    const parsed = chatRequest.safeParse(parseJson(text));
    if (!parsed.success) return sendJson(response, 400, errorBody(400, z.prettifyError(parsed.error)));
    const request: FakeRequest = { path, headers: incoming.headers, text, body: parsed.data, isAborted: false };
    requests.push(request);
    const answered = attempts.begin(incoming.headers, parsed.data);
    const ended = new Promise<void>((resolve) => response.once('close', resolve));
    const id = `chatcmpl-fake-${requests.length}`;
    let isCutByUs = false;
    response.once('close', () => (request.isAborted = !response.writableFinished && !isCutByUs));
    const source = next();
    const reply = typeof source === 'function' ? await source(request) : source;
    isCutByUs = reply.cutAfterChunks !== undefined;
    void ended.then(answered(reply));
    return sendReply(reply, request.body, response, id);
  };
  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy();
      else sendJson(response, 500, errorBody(500, error instanceof Error ? error.message : 'The reply failed.'));
    });
  });
  const { url, close } = await listen(server);
  return { url: `${url}/v1`, requests, attempts: attempts.known, reply: (...replies) => void (script = replies), close };
}

/** Repeats the last user message. */
function echo({ body }: FakeRequest): FakeReply {
  const content = body.messages.findLast(({ role }) => role === 'user')?.content;
  const parts = z.array(z.looseObject({ text: z.string().optional() })).safeParse(content);
  return { text: typeof content === 'string' ? content : parts.success ? parts.data.map(({ text = '' }) => text).join('') : '' };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
