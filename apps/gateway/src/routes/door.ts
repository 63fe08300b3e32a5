import type { IncomingMessage, ServerResponse } from 'node:http';
import { KeyKind } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { REQUEST_ID_HEADER, type KeyResolver, type Logger, type ResolvedKey } from '@nexus/runtime';
import { speaksAnthropic } from '../domain/error-form.js';
import { RUN_QUEUES, type Admission, type Queue } from '../handlers/admission.js';
import { setCaller } from './caller.js';
import type { Cors } from './cors.js';
import { logFailure } from './log-failure.js';
import type { RequestMetrics } from './request-metrics.js';
import { requireSecret, unknownKey } from './request-secret.js';
import { writeError } from './write-error.js';

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => void;

/** A path that is served on node:http itself. */
export interface RawRoute {
  /** Rejects with an AppError as long as nothing was answered. */
  serve(request: IncomingMessage, response: ServerResponse, key: ResolvedKey): Promise<void>;
  /** What its requests have to pass; undefined: it answers at once. */
  readonly queues: readonly Queue[] | undefined;
}

/**
 * Every HTTP/1 request but those of protobuf services, which have their own gate: nothing is read of it before its key is known and
 * there is room for it. Then the hot path takes what is its own, and Nest the rest.
 */
export class Door {
  constructor(
    private readonly keys: Pick<KeyResolver, 'peek' | 'resolve'>,
    private readonly admission: Pick<Admission, 'enter'>,
    private readonly rawRoutes: ReadonlyMap<string, RawRoute>,
    private readonly rest: () => HttpHandler,
    private readonly cors: Cors,
    private readonly logger: Logger,
    private readonly metrics: Pick<RequestMetrics, 'watch'>,
  ) {}

  /** True when the request is taken. */
  open(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request);
    if (isRpc(path)) return false;
    this.metrics.watch(request, response, this.rawRoutes.has(path) ? path : undefined);
    if (this.cors.answer(request, response)) return true;
    this.serve(request, response, path).catch((error: unknown) => this.fail(request, response, error));
    return true;
  }

  private async serve(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (speaksAnthropic(request)) response.setHeader('request-id', String(request.headers[REQUEST_ID_HEADER])); // the name that its clients look for
    const secret = requireSecret(request);
    const key = this.keys.peek(secret) ?? (await this.keys.resolve(secret));
    if (response.destroyed) return; // its client left meanwhile: whoever counts it from now on would never hear of its end
    if (key === undefined) throw unknownKey();
    if (key.key.kind !== KeyKind.API && !FOR_SURFACES.test(path)) {
      throw new AppError('key_not_allowed', 'This key only publishes messages of its surfaces; use an API key.', { status: 403 });
    }
    const raw = this.rawRoutes.get(path);
    const queues = raw ? (request.method === 'POST' ? raw.queues : undefined) : queuesOf(request.method, path);
    if (queues) this.admission.enter(response, queues);
    if (raw) return raw.serve(request, response, key);
    setCaller(request, key);
    this.rest()(request, response);
  }

  private fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const shown = AppError.from(error);
    logFailure(this.logger, request, shown);
    writeError(request, response, shown);
  }
}

/** Without the query and without a slash at its end. */
function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** What adapters need of HTTP: a WebSocket, and the files of their messages. */
const FOR_SURFACES = /^\/(?:files(?:\/[^/]+)?|ws(?:\/tickets)?)$/;
const RUNS = /^\/(?:task|v1\/(?:threads\/[^/]+\/runs|runs\/[^/]+\/fork))$/;
const RUN_STREAM = /^\/v1\/(?:threads\/[^/]+\/)?runs\/[^/]+\/stream$/;

/** What a request that waits for an answer has to pass; undefined when it is answered at once. */
function queuesOf(method: string | undefined, path: string): readonly Queue[] | undefined {
  if (method === 'POST') return RUNS.test(path) ? RUN_QUEUES : undefined;
  return method === 'GET' && RUN_STREAM.test(path) ? [] : undefined;
}

/** `/package.Service/Method` of one of the packages that are served. */
function isRpc(path: string): boolean {
  return path.startsWith('/nexus.') || path.startsWith('/grpc.');
}
