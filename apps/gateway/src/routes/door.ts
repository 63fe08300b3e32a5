import type { IncomingMessage, ServerResponse } from 'node:http';
import { KeyKind } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { KeyResolver, Logger } from '@nexus/runtime';
import { COMPLETION_QUEUES, RUN_QUEUES, type Admission, type Queue } from '../handlers/admission.js';
import { setCaller } from './caller.js';
import type { ChatCompletionsRoute } from './chat-completions.route.js';
import type { Cors } from './cors.js';
import { logFailure } from './log-failure.js';
import { writeError } from './write-error.js';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Every HTTP/1 request but those of protobuf services, which have their own gate: nothing is read of it before its key is known and
 * there is room for it. Then the hot path takes what is its own, and Nest the rest.
 */
export class Door {
  constructor(
    private readonly keys: Pick<KeyResolver, 'peek' | 'resolve'>,
    private readonly admission: Pick<Admission, 'enter'>,
    private readonly chatCompletions: Pick<ChatCompletionsRoute, 'serve'>,
    private readonly rest: () => HttpHandler,
    private readonly cors: Cors,
    private readonly logger: Logger,
  ) {}

  /** True when the request is taken. */
  open(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request);
    if (isRpc(path)) return false;
    if (this.cors.answer(request, response)) return true;
    this.serve(request, response, path).catch((error: unknown) => this.fail(request, response, error));
    return true;
  }

  private async serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const secret = bearerOf(request);
    const key = this.keys.peek(secret) ?? (await this.keys.resolve(secret));
    if (key === undefined) {
      throw new AppError('invalid_api_key', 'This API key is not known, or it was revoked. Send one that is valid as `Authorization: Bearer KEY`.', { status: 401 });
    }
    if (key.key.kind !== KeyKind.API) {
      throw new AppError('key_not_allowed', 'This key only publishes messages of its surfaces; use an API key.', { status: 403 });
    }
    const queues = queuesOf(request.method, path);
    if (queues) this.admission.enter(response, queues);
    if (isCompletions(path)) return this.chatCompletions.serve(request, response, key);
    setCaller(request, key);
    this.rest()(request, response);
  }

  private fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const shown = AppError.from(error);
    logFailure(this.logger, request, shown);
    writeError(response, shown);
  }
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const end = url.indexOf('?');
  return end < 0 ? url : url.slice(0, end);
}

function isCompletions(path: string): boolean {
  return path === '/v1/chat/completions' || path === '/v1/chat/completions/';
}

const RUNS = /^\/v1\/(?:threads\/[^/]+\/runs|runs\/[^/]+\/fork)\/?$/;
const RUN_STREAM = /^\/v1\/(?:threads\/[^/]+\/)?runs\/[^/]+\/stream\/?$/;

/** What a request that waits for an answer has to pass; undefined when it is answered at once. */
function queuesOf(method: string | undefined, path: string): readonly Queue[] | undefined {
  if (method === 'POST') return isCompletions(path) ? COMPLETION_QUEUES : RUNS.test(path) ? RUN_QUEUES : undefined;
  return method === 'GET' && RUN_STREAM.test(path) ? [] : undefined;
}

/** `/package.Service/Method` of one of the packages that are served. */
function isRpc(path: string): boolean {
  return path.startsWith('/nexus.') || path.startsWith('/grpc.');
}

const BEARER = /^Bearer +(\S+)$/i;

function bearerOf(request: IncomingMessage): string {
  const header = request.headers.authorization;
  const secret = header === undefined ? undefined : BEARER.exec(header)?.[1];
  if (secret === undefined) {
    throw new AppError('invalid_api_key', 'No API key was given. Send it as `Authorization: Bearer KEY`.', { status: 401 });
  }
  return secret;
}
