import { Pool } from 'undici';
import type { Endpoint } from '../../domain/endpoint.js';
import type { ProviderTarget } from '../../domain/provider-target.js';
import type { CallOptions, HttpRequest } from '../call-request.js';
import type { ProviderOutcome } from '../provider-outcome.js';
import { answerFormOf } from './answer-form.js';
import { endpointOfList, endpointPath } from './endpoint-path.js';
import { listModels } from './list-models.js';
import { lookUpAttempt, type AttemptFate } from './look-up-attempt.js';
import { ModelCall } from './model-call.js';
import { attemptHeaders, targetHeaders } from './target-headers.js';
import { tunnelConnector } from './tunnel-connector.js';

/** An idle connection is given up before servers that hang up after the usual 5 s or more do it in the midst of a request. */
const KEEP_ALIVE_MS = 4_500;

/** What is the same in every call of an API. */
interface PreparedApi {
  /** Undefined where the model is a part of it. */
  readonly path: string | undefined;
  readonly jsonHeaders: string[];
  readonly streamHeaders: string[];
}

interface Prepared {
  readonly pool: Pool;
  readonly basePath: string;
  readonly apis: Map<Endpoint, PreparedApi>;
}

/** Calls providers that speak JSON over HTTP, over kept connections. One of it serves all of them; `close` ends it. */
export class HttpClient {
  private readonly pools = new Map<string, Pool>();
  private readonly prepared = new WeakMap<ProviderTarget, Prepared>();

  /** `egressProxy`: what connections over TLS go through; undefined: they are direct. */
  constructor(private readonly egressProxy?: URL) {}

  /** Asks for one completion. Never rejects and never retries: how it ended is the outcome. */
  complete(request: HttpRequest, options: CallOptions = {}): Promise<ProviderOutcome> {
    return new Promise((resolve) => {
      const { target, endpoint, model, stream } = request;
      const { signal } = options;
      const prepared = this.prepare(target);
      const api = apiOf(prepared, target, endpoint);
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.from(JSON.stringify(request.body));
      const call = new ModelCall(target, answerFormOf(endpoint, request.isPassthrough), body, stream, options.onPart, (outcome) => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', onAbort);
        resolve(outcome);
      });
      const onAbort = (): void => call.cancel('cancelled');
      const deadline = setTimeout(() => call.cancel('timeout'), target.timeouts.totalMs);
      if (signal?.aborted) return onAbort();
      signal?.addEventListener('abort', onAbort);
      prepared.pool.dispatch(
        {
          path: api.path ?? endpointPath(prepared.basePath, target, endpoint, model, stream),
          method: 'POST', headers: headersOf(request, stream ? api.streamHeaders : api.jsonHeaders), body, headersTimeout: target.timeouts.firstByteMs, bodyTimeout: target.timeouts.idleMs,
        },
        call,
      );
    });
  }

  /** The names of the models that a provider says it has (`GET /models`); also how one asks whether it is in reach. Throws ProviderError. */
  async listModels(target: ProviderTarget, signal: AbortSignal): Promise<string[]> {
    const prepared = this.prepare(target);
    return listModels(prepared.pool, target, { path: `${prepared.basePath}/models`, headers: apiOf(prepared, target, endpointOfList(target)).jsonHeaders, signal });
  }

  /** What the provider says became of an attempt; undefined when it cannot be asked. Throws ProviderError. */
  async lookUp(target: ProviderTarget, attemptId: string, signal: AbortSignal): Promise<AttemptFate | undefined> {
    if (target.lookup === undefined) return undefined;
    const { origin, pathname, search } = new URL(target.lookup.replace('{attempt_id}', attemptId));
    return lookUpAttempt(this.poolFor(origin, target), target, { path: pathname + search, headers: apiOf(this.prepare(target), target, endpointOfList(target)).jsonHeaders, signal });
  }

  /** Breaks off what is under way and closes every connection. */
  async close(): Promise<void> {
    const pools = [...this.pools.values()];
    this.pools.clear();
    await Promise.all(pools.map((pool) => pool.destroy()));
  }

  private prepare(target: ProviderTarget): Prepared {
    const known = this.prepared.get(target);
    if (known) return known;
    const { origin, pathname } = new URL(target.baseUrl);
    const basePath = pathname.replace(/\/+$/, '');
    const prepared = { pool: this.poolFor(origin, target), basePath, apis: new Map<Endpoint, PreparedApi>() };
    this.prepared.set(target, prepared);
    return prepared;
  }

  /** Targets that a reload made anew share the connections of those before them. */
  private poolFor(origin: string, { maxConnections, timeouts: { connectMs } }: ProviderTarget): Pool {
    const key = `${origin} ${maxConnections} ${connectMs}`;
    let pool = this.pools.get(key);
    if (!pool) {
      pool = new Pool(origin, { connections: maxConnections, pipelining: 1, connect: tunnelConnector(connectMs, this.egressProxy), keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: 600_000 });
      this.pools.set(key, pool);
    }
    return pool;
  }
}

function apiOf({ apis, basePath }: Prepared, target: ProviderTarget, endpoint: Exclude<Endpoint, 'local'>): PreparedApi {
  let api = apis.get(endpoint);
  if (!api) {
    api = {
      path: endpoint === 'gemini' ? undefined : endpointPath(basePath, target, endpoint, '', false),
      jsonHeaders: targetHeaders(target, endpoint, 'application/json'),
      streamHeaders: targetHeaders(target, endpoint, 'text/event-stream'),
    };
    apis.set(endpoint, api);
  }
  return api;
}

/** With the name of the attempt, and what the client wants its provider to know; that counts before what is always sent. */
function headersOf({ attemptId, headers }: HttpRequest, fixed: string[]): string[] {
  const named = attemptId === undefined ? fixed : [...fixed, ...attemptHeaders(attemptId)];
  if (headers === undefined) return named;
  return [...named.flatMap((name, i) => (i % 2 === 0 && !(name in headers) ? [name, named[i + 1] ?? ''] : [])), ...Object.entries(headers).flat()];
}
