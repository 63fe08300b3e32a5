import { Pool } from 'undici';
import type { ProviderTarget } from '../../domain/provider-target.js';
import type { ProviderOutcome } from '../provider-outcome.js';
import { listModels } from './list-models.js';
import { lookUpAttempt, type AttemptFate } from './look-up-attempt.js';
import { ModelCall } from './model-call.js';
import type { OnPart } from './read-stream.js';
import { attemptHeaders, targetHeaders } from './target-headers.js';

/** A chat completion to ask for. */
export interface CompletionRequest {
  readonly target: ProviderTarget;
  /** Goes along as the request's name; undefined for a call that nobody will ask about. */
  readonly attemptId?: string;
  /** The final request, as the provider gets it. */
  readonly body: Buffer | object;
  /** Whether `body` asks for a stream. */
  readonly stream: boolean;
}

/** What a caller may add to a call. */
export interface CompletionOptions {
  /** Stops the upstream call when it aborts; the outcome is then a failure `cancelled`. */
  readonly signal?: AbortSignal;
  readonly onPart?: OnPart;
}

/** An idle connection is given up before servers that hang up after the usual 5 s or more do it in the midst of a request. */
const KEEP_ALIVE_MS = 4_500;

interface Prepared {
  readonly pool: Pool;
  readonly basePath: string;
  readonly completionsPath: string;
  readonly jsonHeaders: string[];
  readonly streamHeaders: string[];
}

/** Calls OpenAI-compatible providers over kept connections. One of it serves all providers; `close` ends it. */
export class OpenAiCompatibleClient {
  private readonly pools = new Map<string, Pool>();
  private readonly prepared = new WeakMap<ProviderTarget, Prepared>();

  /** Asks for one completion. Never rejects and never retries: how it ended is the outcome. */
  complete(request: CompletionRequest, options: CompletionOptions = {}): Promise<ProviderOutcome> {
    return new Promise((resolve) => {
      const { target, stream, attemptId } = request;
      const { signal } = options;
      const { pool, completionsPath, jsonHeaders, streamHeaders } = this.prepare(target);
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.from(JSON.stringify(request.body));
      const call = new ModelCall(target, body, stream, options.onPart, (outcome) => {
        clearTimeout(deadline);
        signal?.removeEventListener('abort', onAbort);
        resolve(outcome);
      });
      const onAbort = (): void => call.cancel('cancelled');
      const deadline = setTimeout(() => call.cancel('timeout'), target.timeouts.totalMs);
      if (signal?.aborted) return onAbort();
      const headers = stream ? streamHeaders : jsonHeaders;
      signal?.addEventListener('abort', onAbort);
      pool.dispatch(
        { path: completionsPath, method: 'POST', headers: attemptId === undefined ? headers : [...headers, ...attemptHeaders(attemptId)], body, headersTimeout: target.timeouts.firstByteMs, bodyTimeout: target.timeouts.idleMs },
        call,
      );
    });
  }

  /** The names of the models that a provider says it has (`GET /models`); also how one asks whether it is in reach. Throws ProviderError. */
  async listModels(target: ProviderTarget, signal: AbortSignal): Promise<string[]> {
    const { pool, basePath, jsonHeaders } = this.prepare(target);
    return listModels(pool, target, { path: `${basePath}/models`, headers: jsonHeaders, signal });
  }

  /** What the provider says became of an attempt; undefined when it cannot be asked. Throws ProviderError. */
  async lookUp(target: ProviderTarget, attemptId: string, signal: AbortSignal): Promise<AttemptFate | undefined> {
    if (target.lookup === undefined) return undefined;
    const { origin, pathname, search } = new URL(target.lookup.replace('{attempt_id}', attemptId));
    return lookUpAttempt(this.poolFor(origin, target), target, { path: pathname + search, headers: this.prepare(target).jsonHeaders, signal });
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
    const prepared = {
      pool: this.poolFor(origin, target),
      basePath,
      completionsPath: `${basePath}/chat/completions`,
      jsonHeaders: targetHeaders(target, 'application/json'),
      streamHeaders: targetHeaders(target, 'text/event-stream'),
    };
    this.prepared.set(target, prepared);
    return prepared;
  }

  /** Targets that a reload made anew share the connections of those before them. */
  private poolFor(origin: string, { maxConnections, timeouts: { connectMs } }: ProviderTarget): Pool {
    const key = `${origin} ${maxConnections} ${connectMs}`;
    let pool = this.pools.get(key);
    if (!pool) {
      pool = new Pool(origin, { connections: maxConnections, pipelining: 1, connect: { timeout: connectMs }, keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: 600_000 });
      this.pools.set(key, pool);
    }
    return pool;
  }
}
